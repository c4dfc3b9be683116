import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { computesInHalves, parameterCount, readOnnxFile } from '../onnx/model-file.ts'
import type { ValueInfo } from '../onnx/proto.ts'
import { shapeText, signatureOf, typeName } from '../onnx/signature.ts'
import { UserError } from '../user-error.ts'
import { type Agreement, assertAgreement, expectedOf } from './agreement.ts'
import type { ConversionFlags } from './conversion-flags.ts'
import { OriginalModel } from './original-model.ts'
import { readManifest, readOrigin, sha256Of } from './package-files.ts'
import { PackagedModel } from './packaged-model.ts'
import { needsSoftmax } from './read-outputs.ts'
import { resolveConversion } from './resolve-conversion.ts'
import { sampleImages } from './sample-images.ts'
import { EXAMPLES, samplePhotos } from './sample-photos.ts'

export interface GraphFacts {
  file: string
  inputs: string[]
  outputs: string[]
  opset: number | undefined
  ir: number
  /** With the weights that lie in files of their own. */
  bytes: number
  parameters: number
}

export interface CheckReport {
  manifest: ModelManifest
  graphs: GraphFacts[]
  speeds: { batch: number; imagesPerSecond: number }[]
  providers: readonly string[]
  /** With the original; undefined if there was none to compare with. */
  agreement: Agreement | undefined
}

/** The largest batch that is measured where the manifest says none. */
const USUAL_BATCH = 8

export interface CheckOptions {
  /** The package. */
  folder: string
  /** The ONNX file that it was made of; undefined to compare with none, or with that which the package holds. */
  original: string | undefined
  /** How the original is fed; undefined to take that from `origin.json`. */
  flags: ConversionFlags | undefined
  /** A folder of photos to run it on; undefined for the examples. */
  photos: string | undefined
  providers: readonly string[]
  /** Ends it once it is aborted. */
  stopped: AbortSignal
}

/**
 * Loads a package as a pool would, runs it, and holds it against its manifest, its labels and its original. Throws UserError on a
 * contradiction, and what `stopped` was aborted with.
 */
export async function checkModel(options: CheckOptions): Promise<CheckReport> {
  const { folder, photos, providers, stopped } = options
  const { resize, graphs: files, input, serving } = await readManifest(folder)
  const packaged = await PackagedModel.open(folder, providers)
  try {
    const graphs: GraphFacts[] = []
    for (const file of files) graphs.push(await factsOf(folder, file))
    const images = [...sampleImages(input.shape[0]), ...(await samplePhotos(photos ?? EXAMPLES, resize))]
    await refuseBadAnswers(folder, packaged, images)
    await packaged.warmUp()
    stopped.throwIfAborted()
    const agreement = await compare(options, packaged, images)
    const speeds: CheckReport['speeds'] = []
    for (const batch of new Set([1, serving.max_batch_size ?? USUAL_BATCH]))
      speeds.push({ batch, imagesPerSecond: await speedOf(packaged, images, batch, stopped) })
    return { manifest: packaged.manifest, graphs, speeds, agreement, providers: packaged.providers }
  } finally {
    await packaged.close()
  }
}

async function factsOf(folder: string, name: string): Promise<GraphFacts> {
  const { bytes, graph, opset, ir, externalFiles } = await readOnnxFile(join(folder, name))
  const stored = new Set(graph.initializer?.map((tensor) => tensor.name))
  let size = bytes.length
  for (const file of externalFiles) size += (await stat(join(folder, file))).size
  return {
    file: name,
    inputs: (graph.input ?? []).filter((value) => !stored.has(value.name)).map(described),
    outputs: (graph.output ?? []).map(described),
    opset,
    ir,
    bytes: size,
    parameters: parameterCount(graph),
  }
}

function described({ name, type }: ValueInfo): string {
  const dims = type?.tensorType?.shape?.dim?.map(
    ({ dimValue, dimParam }) => dimParam || Number(dimValue ?? 0),
  )
  return `${name} ${typeName(type?.tensorType?.elemType ?? 0)} ${shapeText(dims)}`
}

async function refuseBadAnswers(
  folder: string,
  packaged: PackagedModel,
  images: readonly Uint8Array[],
): Promise<void> {
  const values = await packaged.run(images)
  const bad = values.find(({ data }) => !data.every(Number.isFinite))
  if (bad) throw new UserError(`${folder}: output "${bad.name}" has NaN or infinite values for sample images`)
  if (packaged.manifest.task !== 'classification') return
  const { labels } = packaged
  const [probabilities, indices] = values
  const beyond = indices?.data.find((index) => index < 0 || index >= labels.length)
  if (beyond !== undefined)
    throw new UserError(`${folder}: the model names class ${beyond}, labels.txt has ${labels.length} lines`)
  if (probabilities?.data.some((value) => value < 0 || value > 1.001))
    throw new UserError(
      `${folder}: "${probabilities.name}" has values outside 0..1; add the model with --logits`,
    )
}

/** Of a package that was made of a graph that was kept, that graph is the original. A chain written by hand holds none. */
async function compare(
  { folder, original: originalPath, flags }: CheckOptions,
  packaged: PackagedModel,
  images: readonly Uint8Array[],
): Promise<Agreement | undefined> {
  const origin = await readOrigin(folder)
  const { graphs } = packaged.manifest
  const keepsOriginal = origin !== undefined && graphs.length > 1 && graphs.includes('model.onnx')
  const kept = keepsOriginal ? join(folder, 'model.onnx') : undefined
  const path = originalPath ?? kept
  if (!path) return undefined
  const file = await readOnnxFile(path)
  if (!flags && !origin)
    throw new UserError(
      `${folder}: has no origin.json; say with --mean, --std and so on how the original is fed`,
    )
  if (!flags && origin && origin.sha256 !== sha256Of(file.bytes))
    throw new UserError(
      `${path}: is not the file that the package was made of (its SHA-256 is another); give that one`,
    )
  const signature = signatureOf(file)
  const original = await OriginalModel.open(path, signature.input)
  try {
    const conversion = flags ? resolveConversion(flags, signature) : origin?.conversion
    if (!conversion) return undefined
    if (flags && conversion.task === 'classification') {
      const scores = await expectedOf(original, images, { ...conversion, softmax: false })
      const output = conversion.outputs[0] ?? ''
      conversion.softmax = needsSoftmax(
        flags,
        file.graph,
        output,
        scores.map(([row = []]) => row),
      )
    }
    const expected = await expectedOf(original, images, conversion)
    const inHalves = computesInHalves(file.graph)
    return await assertAgreement(packaged, images, expected, inHalves)
  } finally {
    await original.close()
  }
}

const TIMED_RUNS = 5

/** The median of some runs. */
async function speedOf(
  packaged: PackagedModel,
  images: readonly Uint8Array[],
  batch: number,
  stopped: AbortSignal,
): Promise<number> {
  const feed = Array.from({ length: batch }, (_, i) => images[i % images.length] ?? new Uint8Array())
  // The first run of a batch size pays for its memory.
  await packaged.run(feed)
  const times: number[] = []
  for (let i = 0; i < TIMED_RUNS; i++) {
    stopped.throwIfAborted()
    const start = performance.now()
    await packaged.run(feed)
    times.push(performance.now() - start)
  }
  const median = times.sort((a, b) => a - b)[TIMED_RUNS >> 1] ?? Number.NaN
  return (batch * 1000) / median
}
