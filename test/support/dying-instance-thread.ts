import { parentPort } from 'node:worker_threads'
import type { InstanceRequest } from '../../worker-pool/inference/instance-messages.ts'
import { DEADLY_PIXEL } from './deadly-pixel.ts'

parentPort?.on('message', (request: InstanceRequest) => {
  if (request.type === 'run' && new Uint8Array(request.memory)[0] === DEADLY_PIXEL) process.exit(3)
})
await import('../../worker-pool/inference/instance-thread.ts')
