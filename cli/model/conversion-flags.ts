import { oneOf, text, wholeNumber } from '../flags.ts'
import { UsageError } from '../user-error.ts'

/** Flags that say how a model is fed and read; `model check` takes the same. */
export const conversionArgs = {
  input: {
    type: 'string',
    description: 'Width and height of the image; 224 unless the model says',
    valueHint: 'PIXELS',
  },
  layout: { type: 'string', description: "Order of the model's input: nchw or nhwc", valueHint: 'nchw|nhwc' },
  mean: {
    type: 'string',
    description: 'Subtracted from a channel after the scale, as in 0.485,0.456,0.406',
    valueHint: 'R,G,B',
  },
  std: {
    type: 'string',
    description: 'A channel is divided by it, as in 0.229,0.224,0.225',
    valueHint: 'R,G,B',
  },
  scale: {
    type: 'string',
    description: 'Bytes are divided by it first; 255, and 1 for a uint8 model',
    valueHint: 'N',
  },
  channels: {
    type: 'string',
    description: 'rgb (default) or bgr; mean and std are in this order',
    valueHint: 'rgb|bgr',
  },
  task: {
    type: 'string',
    description: 'classification (default), embedding or tensor',
    valueHint: 'classification|embedding|tensor',
  },
  output: {
    type: 'string',
    description: "The model's output to use, if it has several; for tensor, a list",
    valueHint: 'NAME',
  },
  top: { type: 'string', description: 'Classes that an answer names; 5', valueHint: 'N' },
  probabilities: { type: 'boolean', description: 'The model gives probabilities' },
  logits: { type: 'boolean', description: 'The model gives logits, which need a softmax' },
  preset: {
    type: 'string',
    description: 'imagenet: the size, mean, std and labels of ImageNet models',
    valueHint: 'imagenet',
  },
} as const

/** What the user said; undefined where nothing. */
export interface ConversionFlags {
  input: number | undefined
  layout: 'nchw' | 'nhwc' | undefined
  mean: [number, number, number] | undefined
  std: [number, number, number] | undefined
  scale: number | undefined
  channels: 'rgb' | 'bgr'
  task: 'classification' | 'embedding' | 'tensor'
  outputs: string[] | undefined
  top: number
  activation: 'probabilities' | 'logits' | 'auto'
  preset: 'imagenet' | undefined
}

type Given = Record<string, unknown>

const IMAGENET = {
  input: 224,
  mean: [0.485, 0.456, 0.406] as [number, number, number],
  std: [0.229, 0.224, 0.225] as [number, number, number],
}

/** Throws UsageError, naming the flag, where one is wrong. */
export function parseConversionFlags(args: Given): ConversionFlags {
  const preset = oneOf(args, 'preset', ['imagenet'])
  const defaults = preset ? IMAGENET : undefined
  if (args.probabilities === true && args.logits === true)
    throw new UsageError(
      '--probabilities and --logits exclude one another; give one, or none to have it found out',
    )
  const std = triple(args, 'std')
  if (std?.some((value) => value <= 0)) throw new UsageError('--std must be above 0 for each channel')
  return {
    input: wholeNumber(args, 'input', 4096) ?? defaults?.input,
    layout: oneOf(args, 'layout', ['nchw', 'nhwc']),
    mean: triple(args, 'mean') ?? defaults?.mean,
    std: std ?? defaults?.std,
    scale: positive(args, 'scale'),
    channels: oneOf(args, 'channels', ['rgb', 'bgr']) ?? 'rgb',
    task: oneOf(args, 'task', ['classification', 'embedding', 'tensor']) ?? 'classification',
    outputs: text(args, 'output')
      ?.split(',')
      .map((name) => name.trim()),
    top: wholeNumber(args, 'top', 1000) ?? 5,
    activation: args.probabilities === true ? 'probabilities' : args.logits === true ? 'logits' : 'auto',
    preset,
  }
}

function positive(args: Given, flag: string): number | undefined {
  const value = text(args, flag)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!(number > 0 && Number.isFinite(number)))
    throw new UsageError(`--${flag} must be above 0, not "${value}"`)
  return number
}

function triple(args: Given, flag: string): [number, number, number] | undefined {
  const value = text(args, flag)
  if (value === undefined) return undefined
  const parts = value.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const [a, b, c] = parts
  if (
    parts.length !== 3 ||
    a === undefined ||
    b === undefined ||
    c === undefined ||
    !parts.every(Number.isFinite)
  )
    throw new UsageError(`--${flag} must be three numbers, as in 0.5,0.5,0.5, not "${value}"`)
  return [a, b, c]
}
