import type { Conversion } from '../onnx/conversion.ts'
import { DataType } from '../onnx/proto.ts'
import { type Signature, type SignatureValue, shapeText, typeName } from '../onnx/signature.ts'
import { UserError } from '../user-error.ts'
import type { ConversionFlags } from './conversion-flags.ts'

const INPUT_TYPES: readonly number[] = [DataType.FLOAT, DataType.FLOAT16, DataType.DOUBLE, DataType.UINT8]
const SCORE_TYPES: readonly number[] = [DataType.FLOAT, DataType.FLOAT16, DataType.DOUBLE]

/**
 * Holds what the user said against what the model says, and fills in each from the other. `softmax` is still a guess
 * where the user left it open. Throws UserError where they contradict one another.
 */
export function resolveConversion(flags: ConversionFlags, { input, outputs }: Signature): Conversion {
  if (!INPUT_TYPES.includes(input.type))
    throw new UserError(
      `the input "${input.name}" is ${typeName(input.type)}; export the model with a float32, float16 or uint8 input`,
    )
  const layout = layoutOf(flags, input)
  const { scale, mean, std } = normalisationOf(flags, input)
  return {
    side: sideOf(flags, input, layout),
    layout,
    channels: flags.channels,
    scale,
    mean,
    std,
    task: flags.task,
    outputs: outputsOf(flags, outputs),
    top: flags.top,
    softmax: flags.activation !== 'probabilities',
  }
}

function layoutOf({ layout }: ConversionFlags, { name, shape = [] }: SignatureValue): 'nchw' | 'nhwc' {
  const fits = { nchw: couldBe(shape[1], 3), nhwc: couldBe(shape[3], 3) }
  if (!fits.nchw && !fits.nhwc)
    throw new UserError(
      `the input "${name}" is ${shapeText(shape)}; only models of three channels are served`,
    )
  if (layout && !fits[layout])
    throw new UserError(
      `the input "${name}" is ${shapeText(shape)}; give --layout ${fits.nchw ? 'nchw' : 'nhwc'}`,
    )
  if (layout) return layout
  if (shape[1] === 3 && shape[3] !== 3) return 'nchw'
  if (shape[3] === 3 && shape[1] !== 3) return 'nhwc'
  throw new UserError(
    `the input "${name}" is ${shapeText(shape)}; say with --layout nchw or nhwc where its channels are`,
  )
}

function couldBe(dimension: number | string | undefined, size: number): boolean {
  return typeof dimension === 'string' || dimension === size
}

function sideOf(
  { input: said }: ConversionFlags,
  { name, shape = [] }: SignatureValue,
  layout: 'nchw' | 'nhwc',
): number {
  const [height, width] = layout === 'nchw' ? shape.slice(2) : shape.slice(1, 3)
  const fixed = [height, width].filter((dimension) => typeof dimension === 'number')
  const [side = said ?? 224] = fixed
  if (fixed.some((dimension) => dimension !== side))
    throw new UserError(
      `the input "${name}" is ${shapeText(shape)}; only square images are served: export it for one`,
    )
  if (said !== undefined && said !== side)
    throw new UserError(
      `the input "${name}" is ${shapeText(shape)}; give --input ${side}, or export the model for ${said}`,
    )
  return side
}

function normalisationOf(
  flags: ConversionFlags,
  { type, name }: SignatureValue,
): Pick<Conversion, 'scale' | 'mean' | 'std'> {
  const { scale, mean, std } = flags
  if (type === DataType.UINT8) {
    if (scale !== undefined || ((mean || std) && !flags.preset))
      throw new UserError(
        `the input "${name}" is uint8, so the model scales bytes itself; leave out --mean, --std and --scale`,
      )
    return { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] }
  }
  if (!mean || !std)
    throw new UserError(
      `--${mean ? 'std' : 'mean'} is missing: give --preset imagenet, or --mean and --std as in training (--mean 0,0,0 --std 1,1,1 for none)`,
    )
  const brightest = 255 / (scale ?? 255)
  if (Math.max(...mean) > brightest)
    throw new UserError(
      `--mean ${mean} is above all that the model would be given, which is 0 to ${brightest}; give --scale 1 if mean and std are of bytes, from 0 to 255`,
    )
  return { scale: scale ?? 255, mean, std }
}

function outputsOf({ task, outputs: said }: ConversionFlags, outputs: readonly SignatureValue[]): string[] {
  const names = outputs.map(({ name }) => name)
  const unknown = said?.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new UserError(`the model has no output "${unknown}"; give --output as one of ${names.join(', ')}`)
  const used = said ?? names
  if (task === 'tensor' && used.length > 16)
    throw new UserError(`the model has ${used.length} outputs; name at most 16 with --output a,b`)
  if (task !== 'tensor' && used.length !== 1)
    throw new UserError(
      `the model has ${used.length} outputs; name the one for ${task} with --output, one of ${names.join(', ')}`,
    )
  for (const { name, type } of outputs)
    if (used.includes(name) && task !== 'tensor' && !SCORE_TYPES.includes(type))
      throw new UserError(
        `the output "${name}" is ${typeName(type)}, for ${task} it must be float; name another with --output, or use --task tensor`,
      )
  return used
}
