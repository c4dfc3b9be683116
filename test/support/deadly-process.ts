import { isMainThread, parentPort } from 'node:worker_threads'
import type { InstanceRequest } from '../../worker-pool/inference/instance-messages.ts'
import { DEADLY_PIXEL } from './deadly-pixel.ts'

/** For `--import` into a pool's process: an image that begins with a certain byte kills it, as a fault in native code would. */
if (!isMainThread)
  parentPort?.on('message', (request: InstanceRequest) => {
    if (request?.type !== 'run') return
    const pixels = new Uint8Array(request.memory)
    const imageBytes = pixels.length / Number(process.env.MAX_BATCH_SIZE)
    for (let i = 0; i < request.n; i++)
      if (pixels[i * imageBytes] === DEADLY_PIXEL) process.kill(process.pid, 'SIGKILL')
  })
