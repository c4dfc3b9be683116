import { once } from 'node:events'
import { createServer } from 'node:net'

/** Somebody else listens on the port, or we may not. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
  readonly port: number

  constructor(port: number, why = 'is in use') {
    super(`Port ${port} ${why}`)
    this.port = port
  }
}

export interface ReservedPort {
  /** To be called just before who it was kept for listens there. */
  release: () => Promise<void>
}

/**
 * Keeps a port of 127.0.0.1 from others while what will listen there is still being started, so that of two that start at once one knows at
 * once. Who calls there is cut off. Throws PortTakenError.
 */
export async function reservePort(port: number): Promise<ReservedPort> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    // A connection that we closed in order would go on blocking the port for whoever is stricter than we are.
    socket.resetAndDestroy()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch(({ code }: NodeJS.ErrnoException) => {
    throw new PortTakenError(port, code === 'EACCES' ? 'takes rights that you lack' : 'is in use')
  })
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}
