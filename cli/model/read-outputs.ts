import type { Conversion } from '../onnx/conversion.ts'
import { lastOperator } from '../onnx/last-operator.ts'
import type { RawOutput } from '../onnx/postprocessing.ts'
import type { Graph } from '../onnx/proto.ts'
import type { Signature } from '../onnx/signature.ts'
import { UserError } from '../user-error.ts'
import type { ConversionFlags } from './conversion-flags.ts'
import type { Values } from './ort-session.ts'

/** What a run says of the outputs that the conversion uses. Throws UserError if they do not fit its task. */
export function rawOutputs(
  { outputs }: Signature,
  conversion: Conversion,
  values: readonly Values[],
): RawOutput[] {
  return values.map(({ name, dims }) => {
    const shape = dims.slice(1)
    const isRow = dims.length > 1 && shape.filter((side) => side !== 1).length <= 1
    if (conversion.task !== 'tensor' && !isRow)
      throw new UserError(
        `the output "${name}" is [${['N', ...shape].join(', ')}], for ${conversion.task} it must be [N, k]; name another with --output, or use --task tensor`,
      )
    return { name, type: outputs.find((output) => output.name === name)?.type ?? 0, shape }
  })
}

/** How far the sum of probabilities may be from 1: float16 sums are that far off. */
const SUM_TOLERANCE = 1e-2

/**
 * Whether scores need a softmax, from the user, the graph's last operator, or the scores of some images. Throws
 * UserError where that cannot be told, or the user said what cannot be.
 */
export function needsSoftmax(
  { activation }: Pick<ConversionFlags, 'activation'>,
  graph: Graph,
  output: string,
  rows: readonly (readonly number[])[],
): boolean {
  if (activation === 'logits') return true
  const withinOne = rows.every((row) => row.every((value) => value >= -1e-6 && value <= 1 + SUM_TOLERANCE))
  if (activation === 'probabilities') {
    if (withinOne) return false
    throw new UserError(`the output "${output}" has values outside 0..1, so no probabilities; give --logits`)
  }
  const last = lastOperator(graph, output)
  if (last === 'Softmax') return false
  if (last === 'Sigmoid')
    throw new UserError(
      `the output "${output}" is of a Sigmoid; give --probabilities to rank its values as they are, or --logits for a softmax over them`,
    )
  const sums = rows.map((row) => row.reduce((a, b) => a + b, 0))
  return !(withinOne && sums.every((sum) => Math.abs(sum - 1) <= SUM_TOLERANCE))
}
