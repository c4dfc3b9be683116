import { type Conversion, channelAxis, takesPlainBytes } from './conversion.ts'
import type { GraphPart } from './graph-part.ts'
import { DataType } from './proto.ts'

/**
 * Adds the nodes that make of `image` (uint8 [N, h, w, 3], RGB) what the model takes, under the name `target` and of
 * `type`. Returns false, with nothing added, if the image is already that.
 */
export function addPreprocessing(
  part: GraphPart,
  conversion: Conversion,
  image: string,
  target: string,
  type: number,
): boolean {
  // Bytes are moved before they become floats, of which each is four times as large.
  let value = image
  if (conversion.layout === 'nchw') value = part.node('Transpose', [value], { perm: [0, 3, 1, 2] })
  if (conversion.channels === 'bgr') {
    const order = part.constant('channel_order', [3], BigInt64Array.of(2n, 1n, 0n))
    value = part.node('Gather', [value, order], { axis: channelAxis(conversion) })
  }
  if (type !== DataType.UINT8) value = addNormalising(part, conversion, value, type)
  const last = part.nodes.at(-1)
  if (last) last.output = [target]
  return last !== undefined
}

function addNormalising(part: GraphPart, conversion: Conversion, bytes: string, type: number): string {
  const { scale, mean, std, layout } = conversion
  if (takesPlainBytes(conversion)) return part.node('Cast', [bytes], { to: type })
  const dims = layout === 'nchw' ? [1, 3, 1, 1] : [1, 1, 1, 3]
  const factor = part.constant(
    'factor',
    dims,
    Float32Array.from(std, (s) => 1 / (scale * s)),
  )
  let value = part.node('Mul', [part.node('Cast', [bytes], { to: DataType.FLOAT }), factor])
  if (mean.some((m) => m !== 0)) {
    const offset = part.constant(
      'offset',
      dims,
      Float32Array.from(std, (s, c) => -(mean[c] ?? 0) / s),
    )
    value = part.node('Add', [value, offset])
  }
  return type === DataType.FLOAT ? value : part.node('Cast', [value], { to: type })
}
