import type { InferenceSession as OrtSession } from 'onnxruntime-node'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { TENSOR_DTYPES, type TensorDtype } from '../../shared/tensor-value.ts'

/** A graph of a chain, loaded. */
export interface LoadedGraph {
  path: string
  session: OrtSession
}

type Values = OrtSession['inputMetadata']
type TensorMetadata = Extract<Values[number], { isTensor: true }>

/** The outputs that a manifest takes from its last graph, by name. `columns`: of an output `[N, columns]`, in words. */
interface ExpectedOutput {
  name: string
  dtypes: readonly TensorDtype[]
  columns: string | undefined
}

export function expectedOutputs(manifest: ModelManifest): ExpectedOutput[] {
  switch (manifest.task) {
    case 'classification':
      return [
        { name: manifest.outputs.probabilities, dtypes: ['float32'], columns: 'k' },
        { name: manifest.outputs.indices, dtypes: ['int64'], columns: 'k' },
      ]
    case 'embedding':
      return [{ name: manifest.outputs.embedding, dtypes: ['float32'], columns: 'd' }]
    case 'tensor':
      return manifest.outputs.tensors.map((name) => ({ name, dtypes: TENSOR_DTYPES, columns: undefined }))
  }
}

/**
 * Why these graphs, run one after another, cannot be what the manifest says, with the file; or undefined. What a graph leaves open
 * (dimensions that a run decides, outputs of unknown rank) contradicts nothing.
 */
export function contradictionIn(manifest: ModelManifest, graphs: readonly LoadedGraph[]): string | undefined {
  for (const [i, graph] of graphs.entries()) {
    const before = graphs[i - 1]
    const contradiction =
      (before ? linkContradiction(before, graph.session) : inputContradiction(manifest, graph.session)) ??
      (i === graphs.length - 1 ? outputsContradiction(manifest, graph.session) : undefined)
    if (contradiction) return `${graph.path}: ${contradiction}`
  }
  return
}

function inputContradiction(
  { input: said }: ModelManifest,
  { inputMetadata }: OrtSession,
): string | undefined {
  const input = tensorNamed(inputMetadata, said.name)
  if (!input) return `has no input "${said.name}" (it has: ${namesOf(inputMetadata)})`
  if (inputMetadata.length !== 1) return `has ${inputMetadata.length} inputs, must have one`
  if (input.type !== said.dtype)
    return `input "${said.name}" is ${input.type}, the manifest says ${said.dtype}`
  if (!agree(input.shape.slice(1), said.shape))
    return `input "${said.name}" is ${sides(input.shape)}, the manifest says ${sides(['N', ...said.shape])}`
  return fixedBatch('input', input)
}

/** Why `session` cannot take what the graph before it gives. */
function linkContradiction(before: LoadedGraph, { inputMetadata }: OrtSession): string | undefined {
  const { outputMetadata } = before.session
  const [given, input] = [outputMetadata[0], inputMetadata[0]]
  if (outputMetadata.length !== 1 || !given?.isTensor)
    return `takes what ${before.path} gives, which must be one tensor (it gives: ${namesOf(outputMetadata)})`
  if (inputMetadata.length !== 1 || !input?.isTensor)
    return `must have one input, a tensor, for what ${before.path} gives (it has: ${namesOf(inputMetadata)})`
  if (input.type !== given.type || (given.shape.length > 0 && !agree(input.shape, given.shape)))
    return `input "${input.name}" is ${input.type} ${sides(input.shape)}, but ${before.path} gives "${given.name}", ${given.type} ${sides(given.shape)}`
  return fixedBatch('input', input)
}

function outputsContradiction(manifest: ModelManifest, session: OrtSession): string | undefined {
  for (const expected of expectedOutputs(manifest)) {
    const contradiction = outputContradiction(expected, session.outputMetadata)
    if (contradiction) return contradiction
  }
  return
}

function outputContradiction({ name, dtypes, columns }: ExpectedOutput, outputs: Values): string | undefined {
  const output = tensorNamed(outputs, name)
  if (!output) return `has no output "${name}" (it has: ${namesOf(outputs)})`
  if (!dtypes.some((dtype) => dtype === output.type))
    return `output "${name}" is ${output.type}, must be ${dtypes.length > 1 ? 'one of ' : ''}${dtypes.join(', ')}`
  if (output.shape.length === 0) return
  if (columns !== undefined && output.shape.length !== 2)
    return `output "${name}" is ${sides(output.shape)}, must be [N, ${columns}]`
  return fixedBatch('output', output)
}

function fixedBatch(what: 'input' | 'output', { name, shape }: TensorMetadata): string | undefined {
  const [batch] = shape
  if (typeof batch !== 'number') return
  return `${what} "${name}" has a fixed batch size of ${batch}, must be dynamic`
}

/** Whether a tensor may have both shapes. */
function agree(a: TensorMetadata['shape'], b: TensorMetadata['shape']): boolean {
  return (
    a.length === b.length &&
    a.every((side, i) => typeof side !== 'number' || typeof b[i] !== 'number' || side === b[i])
  )
}

function tensorNamed(values: Values, name: string): TensorMetadata | undefined {
  const value = values.find((metadata) => metadata.name === name)
  return value?.isTensor ? value : undefined
}

const namesOf = (values: Values) => values.map(({ name }) => name).join(', ')

/** A dimension without a name is written as `?`. */
const sides = (shape: TensorMetadata['shape']) => `[${shape.map((side) => side || '?').join(', ')}]`
