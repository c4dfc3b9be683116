/** What node:http's Server offers, as far as it is needed here. */
export interface ClosableServer {
  close(callback: (error?: Error) => void): unknown
  closeIdleConnections(): void
  closeAllConnections(): void
}

/** How often connections on which nothing is under way are closed meanwhile. */
const IDLE_SWEEP_MS = 50

/**
 * Takes no more connections, and resolves when all requests that are under way have been answered; what is not done within
 * `drainMs` is cut off. Clients that never pause keep a connection busy for good, unless answers say `connection: close`.
 */
export function closeServer(server: ClosableServer, drainMs: number): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs)
  const closed = new Promise<void>((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
  })
  return closed.finally(() => {
    clearInterval(sweep)
    clearTimeout(cut)
  })
}
