import type { ModelManifest } from '../../shared/model-manifest.ts'
import { tensorByteLength } from '../../shared/tensor.ts'
import { ModelPackageError } from '../models/model-package.ts'
import type { InferenceSession } from './inference-session.ts'
import { encodedBytes, MAX_OUTPUT_BYTES, outputOf } from './job-output.ts'
import type { NamedOutputs } from './output-tensor.ts'

/**
 * Runs grey images through a session before it serves anyone: the first run of every batch size pays for memory and
 * kernel choice. Throws ModelPackageError if what comes out is no result, or too large for one.
 */
export async function warmUp(
  session: InferenceSession,
  labels: readonly string[],
  batchSizes: readonly number[],
): Promise<void> {
  const { manifest } = session
  for (const n of batchSizes) {
    const images = new Uint8Array(n * tensorByteLength(manifest.input.shape)).fill(128)
    const outputs = await session.run(images, n).catch((error: Error) => {
      throw new ModelPackageError(
        `${manifest.name}: the model fails on a batch of ${n} grey images: ${error.message}`,
      )
    })
    const fault = faultIn(manifest, labels, outputs, n)
    if (fault) throw new ModelPackageError(`${manifest.name}: ${fault}`)
  }
}

/** Why the outputs of a batch of `n` are no results, or undefined. */
function faultIn(
  manifest: ModelManifest,
  labels: readonly string[],
  outputs: NamedOutputs,
  n: number,
): string | undefined {
  if (manifest.task !== 'tensor') {
    for (const [name, { dims }] of Object.entries(outputs))
      if (dims.length !== 2) return `output "${name}" is [${dims.join(', ')}], must be [${n}, columns]`
  }
  const bytes = encodedBytes(outputs)
  if (bytes > MAX_OUTPUT_BYTES) return tooHeavy(bytes)
  const output = outputOf(manifest, labels, outputs, n - 1)
  if (!output) {
    return manifest.task === 'classification'
      ? `the model's classes do not fit its ${labels.length} labels, or it gives no probabilities`
      : 'the embedding of a grey image holds NaN or Infinity'
  }
  const json = JSON.stringify(output).length
  return json > MAX_OUTPUT_BYTES ? tooHeavy(json) : undefined
}

function tooHeavy(bytes: number): string {
  return `the outputs for one image take ${bytes} bytes in a result, the limit is ${MAX_OUTPUT_BYTES}; let the graph give less (a smaller type, fewer outputs, the best k)`
}
