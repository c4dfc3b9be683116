import type { ModelManifest } from '../../shared/model-manifest.ts'
import { surroundings } from '../onnx/chain.ts'
import type { Conversion } from '../onnx/conversion.ts'
import type { OnnxFile } from '../onnx/model-file.ts'
import { rewrite } from '../onnx/rewrite.ts'
import type { Signature } from '../onnx/signature.ts'
import { UserError } from '../user-error.ts'
import type { AddOptions } from './add-model.ts'
import { type Observed, resizeTo } from './observe-model.ts'
import type { PackageFile } from './write-package.ts'

/** The graphs of a package: what they are called, take and give. */
export interface Form {
  input: string
  outputs: string[]
  graphs: string[]
  files: Record<string, PackageFile>
}

/** The model itself, edited. */
export function singleGraphOf(file: OnnxFile, signature: Signature, { conversion, raw }: Observed): Form {
  const { bytes, input, outputs } = rewrite(file, signature, conversion, raw)
  return { input, outputs, graphs: ['model.onnx'], files: { 'model.onnx': bytes } }
}

/** The model as it is, between small graphs. Throws UserError if it cannot be used as it is. */
export function chainOf(
  file: OnnxFile,
  { input, outputs: all }: Signature,
  { conversion, raw }: Observed,
): Form {
  if (typeof input.shape?.[0] === 'number')
    throw new UserError(
      `${file.path}: takes exactly ${input.shape[0]} images, which only rewriting can change; export it with a dynamic batch dimension`,
    )
  const { before, after, input: first, outputs } = surroundings(input, conversion, raw)
  if (after && all.length !== 1)
    throw new UserError(`${file.path}: has ${all.length} outputs; a graph that is kept must have one`)
  const files = {
    ...(before ? { 'before.onnx': before } : {}),
    'model.onnx': file.bytes,
    ...(after ? { 'after.onnx': after } : {}),
  }
  return { input: first, outputs, graphs: Object.keys(files), files }
}

export function manifestOf(
  { name, version, resize, serving }: AddOptions,
  { side, task }: Conversion,
  form: Form,
): ModelManifest {
  const [first = '', second = ''] = form.outputs
  const common = {
    name,
    version,
    input: {
      name: form.input,
      dtype: 'uint8' as const,
      layout: 'nhwc' as const,
      shape: [side, side, 3] as [number, number, 3],
    },
    resize: resizeTo(side, resize),
    decode: { at: 'edge' as const, formats: [], truncated: 'refuse' as const },
    graphs: form.graphs,
    serving: { max_queue_delay_ms: 0, preferred_batch_sizes: [], instances: 1, ...serving },
  }
  if (task === 'classification')
    return { ...common, task, outputs: { probabilities: first, indices: second } }
  if (task === 'embedding') return { ...common, task, outputs: { embedding: first } }
  return { ...common, task, outputs: { tensors: form.outputs } }
}
