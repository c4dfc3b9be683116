import { parentPort, workerData } from 'node:worker_threads'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { tensorByteLength } from '../../shared/tensor.ts'
import { ModelPackageError } from '../models/model-package.ts'
import { InferenceSession } from './inference-session.ts'
import type { InstanceAnswer, InstanceRequest, InstanceTask, WarmRun } from './instance-messages.ts'
import { isOutOfMemory, runBatch } from './run-batch.ts'
import { warmUp } from './warm-up.ts'

/**
 * Entry of an instance's thread: one session. ONNX Runtime occupies the thread that calls it, so that sessions have threads of their own
 * and the pool's is free to fetch and settle meanwhile.
 */
async function main(task: InstanceTask): Promise<void> {
  const session = await InferenceSession.load(task.modelPackage, task.session)
  let buckets: readonly number[] = await warmBuckets(session, task)
  const imageBytes = tensorByteLength(session.manifest.input.shape)

  const serve = async (request: InstanceRequest): Promise<void> => {
    if (request.type === 'close') {
      await session.close()
      parentPort?.close()
    } else if (request.type === 'shrink') {
      buckets = [...buckets.filter((size) => size < request.maxBatchSize), request.maxBatchSize]
    } else {
      const begin = performance.now()
      const run = await runBatch(new Uint8Array(request.memory), request.n, {
        run: (images, rows) => session.run(images, rows),
        imageBytes,
        buckets: task.padded ? buckets : undefined,
      })
      answer({ type: 'ran', run, ms: performance.now() - begin })
    }
  }
  // A session that is broken ends the thread, by the rejection.
  let served = Promise.resolve()
  parentPort?.on('message', (request: InstanceRequest) => {
    served = served.then(() => serve(request))
  })
  const maxBatchSize = buckets.at(-1) ?? 1
  answer({ type: 'ready', maxBatchSize, warmRun: await timedRun(session, task, maxBatchSize) })
}

/** The buckets that fit into memory, smallest first. */
async function warmBuckets(
  session: InferenceSession,
  { modelPackage, buckets }: InstanceTask,
): Promise<number[]> {
  const warm: number[] = []
  for (const size of buckets) {
    try {
      await warmUp(session, modelPackage.labels, [size])
    } catch (error) {
      if (warm.length === 0 || !(error instanceof Error) || !isOutOfMemory(error.message)) throw error
      break
    }
    warm.push(size)
  }
  return warm
}

/** Once more, of a size that is warm: how fast full batches will be. */
async function timedRun(
  session: InferenceSession,
  { modelPackage }: InstanceTask,
  images: number,
): Promise<WarmRun> {
  const begin = performance.now()
  await warmUp(session, modelPackage.labels, [images])
  return { images, ms: performance.now() - begin }
}

function answer(message: InstanceAnswer): void {
  parentPort?.postMessage(message)
}

main(workerData as InstanceTask).catch((error: unknown) => {
  if (!(error instanceof ModelPackageError || error instanceof ConfigurationError)) throw error
  const fault = error instanceof ConfigurationError ? 'configuration' : 'package'
  answer({ type: 'refused', fault, message: error.message })
  parentPort?.close()
})
