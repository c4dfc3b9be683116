/** What a command may use of the process that it runs in. */
export interface Terminal {
  /** Writes a line to standard output. */
  print: (line: string) => void
  /** Shows how far a download is; undefined where nobody watches. */
  startProgress: (totalBytes: number, startBytes: number) => Progress
}

export interface Progress {
  update: (bytes: number) => void
  stop: () => void
}
