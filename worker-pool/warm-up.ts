import { tensorByteLength } from '../shared/tensor.ts'
import type { InferenceSession } from './inference-session.ts'
import { ModelPackageError } from './model-package.ts'
import { predictionsOf } from './postprocess.ts'

/**
 * Runs grey images through a session before it serves anyone: the first run of every batch size pays for memory and
 * kernel choice. Throws ModelPackageError if what comes out cannot be labelled.
 */
export async function warmUp(
  session: InferenceSession,
  labels: readonly string[],
  batchSizes: readonly number[],
): Promise<void> {
  const { name, input } = session.manifest
  for (const n of batchSizes) {
    const images = new Uint8Array(n * tensorByteLength(input.shape)).fill(128)
    const outputs = await session.run(images, n).catch((error: Error) => {
      throw new ModelPackageError(`${name}: the model fails on a batch of ${n} grey images: ${error.message}`)
    })
    const { probabilities, indices, k } = outputs
    if (probabilities.length !== n * k || indices.length !== n * k) {
      throw new ModelPackageError(`${name}: outputs for ${n} images do not have the shape [${n}, k]`)
    }
    if (!predictionsOf(outputs, n - 1, labels)) {
      throw new ModelPackageError(
        `${name}: the model's classes do not fit its ${labels.length} labels, or it gives no probabilities`,
      )
    }
  }
}

/** 1, 2, 4, ... and the largest itself. */
export function warmUpSizes(maxBatchSize: number): number[] {
  const sizes = []
  for (let n = 1; n < maxBatchSize; n *= 2) sizes.push(n)
  return [...sizes, maxBatchSize]
}
