import type { Conversion } from '../onnx/conversion.ts'
import { UserError } from '../user-error.ts'
import { type OriginalModel, softmax } from './original-model.ts'
import { ofImage, type Values } from './ort-session.ts'
import type { PackagedModel } from './packaged-model.ts'

/** The largest difference of a value, relative to its size where that is above 1: float32 rounding through a deep graph. */
const TOLERANCE = 1e-3
/** The same where the model computes in float16, which has three digits. */
const HALF_TOLERANCE = 1e-2

/** For each image, for each output of the conversion, the original's values. */
export type Expected = readonly (readonly (readonly number[])[])[]

export async function expectedOf(
  original: OriginalModel,
  images: readonly Uint8Array[],
  conversion: Conversion,
): Promise<Expected> {
  const expected: (readonly number[])[][] = []
  for (const image of images) {
    const values = await original.run(image, conversion)
    expected.push(
      values.map(({ data }) =>
        conversion.task === 'classification' && conversion.softmax ? softmax(data) : data,
      ),
    )
  }
  return expected
}

export interface Agreement {
  /** How many images were compared. */
  images: number
  /** Of any value of any image, relative to its size where that is above 1; of a classification, of its probabilities. */
  largestDifference: number
  /** Of how many images the best class is the same; undefined for tasks without classes. */
  sameBest: number | undefined
}

/**
 * Runs the package on each image alone and on the first three together, and holds all of it against the original.
 * Throws UserError where they differ by more than rounding.
 */
export async function assertAgreement(
  packaged: PackagedModel,
  images: readonly Uint8Array[],
  expected: Expected,
  inHalves: boolean,
): Promise<Agreement> {
  const tolerance = inHalves ? HALF_TOLERANCE : TOLERANCE
  let largestDifference = 0
  let sameBest = 0
  const together = images.slice(0, 3)
  const batches = [...images.map((image) => [image]), together]
  for (const batch of batches) {
    const values = await packaged.run(batch)
    for (const [i, image] of batch.entries()) {
      const difference = differenceOf(
        packaged,
        values,
        i,
        batch.length,
        expected[images.indexOf(image)] ?? [],
      )
      if (!(difference <= tolerance)) throw new UserError(disagreement(batch.length, difference, tolerance))
      largestDifference = Math.max(largestDifference, difference)
      if (batch.length === 1 && isBest(values[1]?.data[0], expected[images.indexOf(image)]?.[0])) sameBest++
    }
  }
  const isClassification = packaged.manifest.task === 'classification'
  return { images: images.length, largestDifference, sameBest: isClassification ? sameBest : undefined }
}

function isBest(index: number | undefined, scores: readonly number[] | undefined): boolean {
  return index !== undefined && scores?.every((score) => score <= (scores[index] ?? Number.NaN)) === true
}

/** In one line, for people. */
export function agreementText({ images, largestDifference, sameBest }: Agreement): string {
  const differences = `differ by ${largestDifference.toExponential(1)} at most`
  if (sameBest === undefined) return `On ${images} images values ${differences}.`
  const ties =
    sameBest < images ? '; of the others, two classes are as likely as one another but for rounding' : ''
  return `On ${images} images probabilities ${differences}, and the best class is the same for ${sameBest}${ties}.`
}

function disagreement(batch: number, difference: number, tolerance: number): string {
  const figure = `differs by ${difference.toPrecision(2)} (allowed: ${tolerance})`
  return batch === 1
    ? `the package ${figure} from the original model; give the mean, std, scale and outputs it was added with, or add it with --keep-graph`
    : `the package ${figure} from the original on a batch of ${batch}: the model was exported for one image; export it with a dynamic batch dimension`
}

function differenceOf(
  { manifest }: PackagedModel,
  values: readonly Values[],
  i: number,
  n: number,
  expected: readonly (readonly number[])[],
): number {
  const found = values.map((value) => {
    if (value.dims[0] !== n)
      throw new UserError(
        `output "${value.name}" is [${value.dims.join(', ')}] for ${n} images; export the model with a dynamic batch dimension`,
      )
    return ofImage(value, i, n)
  })
  const [probabilities = [], indices = []] = found
  if (manifest.task === 'classification') return rankDifference(expected[0] ?? [], probabilities, indices)
  return Math.max(...found.map((row, j) => largestOf(expected[j] ?? [], row)))
}

/** Classes whose probabilities differ by no more than rounding may change places. */
function rankDifference(
  expected: readonly number[],
  probabilities: readonly number[],
  indices: readonly number[],
): number {
  const best = [...expected].sort((a, b) => b - a).slice(0, probabilities.length)
  const ofClass = indices.map((index) => expected[index] ?? Number.NaN)
  return Math.max(largestOf(best, probabilities), largestOf(ofClass, probabilities))
}

/** NaN if a value is none or missing, so that no comparison with it holds. */
function largestOf(expected: readonly number[], found: readonly number[]): number {
  if (expected.length !== found.length) return Number.NaN
  return expected.reduce((largest, value, i) => {
    const difference = Math.abs(value - (found[i] ?? Number.NaN)) / Math.max(1, Math.abs(value))
    return Number.isNaN(difference) ? difference : Math.max(largest, difference)
  }, 0)
}
