/** What a command may use of the process that it runs in. */
export interface Terminal {
  /** Writes a line to standard output. */
  print: (line: string) => void
  /** Writes a line to standard error. */
  warn: (line: string) => void
  /** Shows how far a download is; `totalBytes` is undefined where the server does not say. */
  startProgress: (totalBytes: number | undefined, startBytes: number) => Progress
  /** Aborted once the user wants the command to end (Ctrl-C). */
  stopped: AbortSignal
}

export interface Progress {
  update: (bytes: number) => void
  stop: () => void
}
