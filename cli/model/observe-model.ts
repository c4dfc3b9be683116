import type { Resize } from '../../shared/model-manifest.ts'
import type { Conversion } from '../onnx/conversion.ts'
import type { OnnxFile } from '../onnx/model-file.ts'
import type { RawOutput } from '../onnx/postprocessing.ts'
import type { Signature } from '../onnx/signature.ts'
import { UserError } from '../user-error.ts'
import type { AddOptions } from './add-model.ts'
import { type Expected, expectedOf } from './agreement.ts'
import { OriginalModel } from './original-model.ts'
import { needsSoftmax, rawOutputs } from './read-outputs.ts'
import { resolveConversion } from './resolve-conversion.ts'
import { sampleImages } from './sample-images.ts'
import { EXAMPLES, samplePhotos } from './sample-photos.ts'

/** What a run of the original says of it. */
export interface Observed {
  conversion: Conversion
  raw: RawOutput[]
  images: Uint8Array[]
  expected: Expected
}

/** Runs the original on sample images, to know the shapes of its outputs, whether they are probabilities, and what they should be. */
export async function observe(
  file: OnnxFile,
  signature: Signature,
  { conversion: flags, resize }: AddOptions,
): Promise<Observed> {
  const asFarAsKnown = resolveConversion(flags, signature)
  const { side } = asFarAsKnown
  const images = [...sampleImages(side), ...(await samplePhotos(EXAMPLES, resizeTo(side, resize)))]
  const original = await OriginalModel.open(file.path, signature.input)
  try {
    const [first] = images
    const raw = rawOutputs(signature, asFarAsKnown, first ? await original.run(first, asFarAsKnown) : [])
    const isClassification = flags.task === 'classification'
    const scores = await expectedOf(original, images, { ...asFarAsKnown, softmax: false })
    refuseUnusable(scores)
    const output = asFarAsKnown.outputs[0] ?? ''
    const softmax =
      isClassification &&
      needsSoftmax(
        flags,
        file.graph,
        output,
        scores.map(([row = []]) => row),
      )
    const conversion = { ...asFarAsKnown, softmax }
    const expected = softmax ? await expectedOf(original, images, conversion) : scores
    return { conversion, raw, images, expected }
  } finally {
    await original.close()
  }
}

function refuseUnusable(scores: Expected): void {
  if (scores.flat(2).every(Number.isFinite)) return
  throw new UserError(
    'the model gives NaN or infinite values for sample images; check --mean, --std and --scale, and the model itself',
  )
}

/** The classes that a run has shown; undefined for the tasks that have none. */
export function classesOf({ conversion, raw }: Observed): number | undefined {
  if (conversion.task !== 'classification') return undefined
  return (raw[0]?.shape ?? []).reduce((product, side) => product * side, 1)
}

/** The classes that the file itself names, which a run may belie; undefined where it names none, or the task has none. */
export function declaredClasses({ outputs }: Signature, flags: AddOptions['conversion']): number | undefined {
  const [name] = flags.outputs ?? outputs.map((output) => output.name)
  const shape = outputs.find((output) => output.name === name)?.shape
  if (flags.task !== 'classification' || !shape || shape.length < 2) return undefined
  const classes = shape.slice(1).reduce<number>((product, side) => product * Number(side), 1)
  return Number.isNaN(classes) ? undefined : classes
}

/** `classes`: undefined where nobody knows, or there are none. */
export function refuseWrongLabels(labels: readonly string[] | undefined, classes: number | undefined): void {
  if (classes !== undefined && labels?.length !== classes)
    throw new UserError(
      `the model has ${classes} classes, there are ${labels?.length ?? 0} labels; give --labels a file with one line for each class`,
    )
}

/** How photos become the image of a model that takes `side` x `side`. */
export function resizeTo(side: number, { mode, kernel, size }: AddOptions['resize']): Resize {
  return { mode, size: size ?? (mode === 'cover' ? Math.round((side * 8) / 7) : side), crop: side, kernel }
}
