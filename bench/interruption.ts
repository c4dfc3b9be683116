/** npm passes on a Ctrl-C that the terminal has sent to us already: two this close together are one. */
const SAME_INTERRUPT_MS = 500

/** Aborts on the first Ctrl-C or SIGTERM. A second one ends this process, upon which all that it started ends by itself. */
export function abortOnInterrupt(): AbortSignal {
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
