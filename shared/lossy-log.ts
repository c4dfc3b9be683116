/** Where a logger writes its lines to. */
export interface LogDestination {
  write(line: string): void
}

/**
 * Hands lines on with `write`, which may throw: then the line is lost, and nothing else. A full disk, or a reader that has gone, must not
 * end what is served, nor hold it up; lines that come once there is room again are written.
 */
export function lossyLog(write: (line: string) => void): LogDestination {
  return {
    write: (line) => {
      try {
        write(line)
      } catch {
        // There is nowhere else to say so.
      }
    },
  }
}
