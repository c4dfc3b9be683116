/** A terminal that is drawn on, if there is one. */
export interface Screen {
  /** In characters; undefined where nothing can be drawn, as in a pipe or a log. */
  size: () => Size | undefined
  /** Whether colours are wanted. */
  colour: boolean
  /** Takes the whole screen until `close`, which gives back what was there. */
  open: (listeners: ScreenListeners) => void
  /** In place of what was drawn before. */
  draw: (lines: readonly string[]) => void
  close: () => void
}

export interface Size {
  columns: number
  rows: number
}

export interface ScreenListeners {
  /** A key, as the terminal sends it. */
  key: (key: string) => void
  resized: () => void
}
