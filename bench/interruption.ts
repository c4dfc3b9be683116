import { UsageError } from './arguments.ts'

/** npm passes on a Ctrl-C that the terminal has sent to us already: two this close together are one. */
const SAME_INTERRUPT_MS = 500

/** Aborts on the first Ctrl-C or SIGTERM. A second one ends this process, upon which all that it started ends by itself. */
function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const interrupt = () => {
    first ??= performance.now()
    if (performance.now() - first > SAME_INTERRUPT_MS) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return controller.signal
}

/** Runs a bench as this process' whole work: exit 0, 130 when the user stopped it, or 1 with one line on what is wrong. */
export function runToEnd(name: string, bench: (signal: AbortSignal) => Promise<void>): void {
  const signal = abortOnInterrupt()
  bench(signal).then(
    () => process.exit(0),
    (error: unknown) => {
      if (signal.aborted) {
        console.error('\nStopped')
        process.exit(130)
      }
      const hint = error instanceof UsageError ? ' (see --help)' : ''
      console.error(`${name}: ${error instanceof Error ? error.message : error}${hint}`)
      process.exit(1)
    },
  )
}
