import type { JobOutput, Prediction } from '../../shared/job.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { tensorByteLength } from '../../shared/tensor.ts'
import { base64Length, ELEMENT_BYTES, type TensorValue } from '../../shared/tensor-value.ts'
import type { NamedOutputs, OutputTensor } from './output-tensor.ts'

/**
 * What the result of one image may weigh, in bytes of JSON. It passes through one script and one message to whoever waits, and
 * stays in Redis' memory until its TTL is over.
 */
export const MAX_OUTPUT_BYTES = 1024 * 1024

/**
 * The result of image `i` of a batch. Undefined if the model gave no probabilities (NaN) or a class without a label, an
 * embedding that is not finite, or more than MAX_OUTPUT_BYTES.
 */
export function outputOf(
  manifest: ModelManifest,
  labels: readonly string[],
  outputs: NamedOutputs,
  i: number,
): JobOutput | undefined {
  switch (manifest.task) {
    case 'classification': {
      const { probabilities, indices } = manifest.outputs
      const predictions = predictionsOf(outputs[probabilities], outputs[indices], i, labels)
      return predictions && { kind: 'predictions', predictions }
    }
    case 'embedding': {
      const output = outputs[manifest.outputs.embedding]
      const embedding = isFinite32(output, i)
        ? tensorValuesOf({ embedding: output }, i)?.embedding
        : undefined
      return embedding && { kind: 'embedding', embedding }
    }
    case 'tensor': {
      const tensors = tensorValuesOf(outputs, i)
      return tensors && { kind: 'tensors', tensors }
    }
  }
}

/** Bytes that each image's part of these outputs takes in base64. */
export function encodedBytes(outputs: NamedOutputs): number {
  return Object.values(outputs).reduce((sum, output) => sum + base64Length(imageBytes(output)), 0)
}

function predictionsOf(
  probabilities: OutputTensor | undefined,
  indices: OutputTensor | undefined,
  i: number,
  labels: readonly string[],
): Prediction[] | undefined {
  if (probabilities?.dtype !== 'float32' || indices?.dtype !== 'int64') return
  const k = probabilities.dims[1] ?? 0
  if (indices.dims[1] !== k) return
  const predictions: Prediction[] = []
  for (let rank = i * k; rank < (i + 1) * k; rank++) {
    const probability = probabilities.data[rank]
    const index = Number(indices.data[rank])
    const label = labels[index]
    if (
      label === undefined ||
      probability === undefined ||
      !(probability >= 0 && probability <= 1 + ROUNDING)
    )
      return
    predictions.push({ label, probability: Math.min(probability, 1), index })
  }
  return predictions
}

/** A softmax in float32 may exceed 1 by a few units in the last place. */
const ROUNDING = 1e-5

function isFinite32(output: OutputTensor | undefined, i: number): output is OutputTensor {
  if (output?.dtype !== 'float32') return false
  const d = tensorByteLength(output.dims.slice(1))
  return output.data.subarray(i * d, (i + 1) * d).every(Number.isFinite)
}

/** Image `i` of each output; undefined if the batch has no such image, or if that is too much for a result. */
function tensorValuesOf(outputs: NamedOutputs, i: number): Record<string, TensorValue> | undefined {
  const all = Object.entries(outputs)
  if (encodedBytes(outputs) > MAX_OUTPUT_BYTES || all.some(([, { dims }]) => i >= (dims[0] ?? 0))) return
  return Object.fromEntries(all.map(([name, output]) => [name, tensorValueOf(output, i)]))
}

/** Typed arrays are little-endian on every machine that ONNX Runtime has a build for. */
function tensorValueOf(output: OutputTensor, i: number): TensorValue {
  const { dtype, dims, data } = output
  const bytes = imageBytes(output)
  const place = Buffer.from(data.buffer, data.byteOffset + i * bytes, bytes)
  return { dtype, shape: dims.slice(1), data: place.toString('base64') }
}

function imageBytes({ dtype, dims }: OutputTensor): number {
  return tensorByteLength(dims.slice(1)) * ELEMENT_BYTES[dtype]
}
