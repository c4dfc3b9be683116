import { type AddressInfo, createServer } from 'node:net'

/** A TCP port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  return tryPort(0)
}

/** Whether 127.0.0.1:`port` can be listened on now. */
export async function isPortFree(port: number): Promise<boolean> {
  return tryPort(port).then(
    () => true,
    () => false,
  )
}

/** The next port above `port` that is free now, or any where there is none. */
export async function freePortAfter(port: number): Promise<number> {
  for (let next = port + 1; next <= 65_535; next++) if (await isPortFree(next)) return next
  return freePort()
}

/** Listens for a moment; 0 takes any port. Returns the port. Rejects if it is taken. */
function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const { port: taken } = server.address() as AddressInfo
      server.close(() => resolve(taken))
    })
  })
}
