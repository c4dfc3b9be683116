/** What a command may use of the process that it runs in. */
export interface Terminal {
  /** Writes a line, or lines, to standard output; what would move a terminal's cursor is shown as JSON writes it. */
  print: (line: string) => void
  /** Writes a line to standard error, and never more than one. */
  warn: (line: string) => void
  /**
   * Shows how far something is, where somebody looks; `total` is undefined where nobody knows. What is printed meanwhile stands above it. Units are
   * bytes unless said.
   */
  startProgress: (total: number | undefined, done: number, unit?: ProgressUnit) => Progress
  /** Aborted once the user wants the command to end (Ctrl-C). */
  stopped: AbortSignal
}

export type ProgressUnit = 'bytes' | 'files'

export interface Progress {
  /** `note`: a word or two on what is waited for. */
  update: (done: number, note?: string) => void
  stop: () => void
}
