import { basename, dirname, join } from 'node:path'
import type { ModelManifest, Resize } from '../../shared/model-manifest.ts'
import { computesInHalves, type OnnxFile, readOnnxFile } from '../onnx/model-file.ts'
import { reasonToKeepGraph, refuseUnsupported } from '../onnx/rewrite.ts'
import { signatureOf } from '../onnx/signature.ts'
import { UserError } from '../user-error.ts'
import { type Agreement, assertAgreement, type Expected } from './agreement.ts'
import type { ConversionFlags } from './conversion-flags.ts'
import { classesOf, declaredClasses, type Observed, observe, refuseWrongLabels } from './observe-model.ts'
import { type Origin, sha256Of } from './package-files.ts'
import { chainOf, type Form, manifestOf, singleGraphOf } from './package-form.ts'
import { PackagedModel } from './packaged-model.ts'
import { type PackageFile, refuseExisting, writePackage } from './write-package.ts'

export interface AddOptions {
  name: string
  version: string
  repository: string
  /** Undefined for the tasks that have none. */
  labels: readonly string[] | undefined
  /** What is left out follows from the side. */
  resize: Pick<Resize, 'mode' | 'kernel'> & { size: number | undefined }
  /** As the manifest has it, by its own names. */
  serving: Partial<ModelManifest['serving']>
  force: boolean
  keepGraph: boolean
  conversion: ConversionFlags
}

export interface AddedModel {
  folder: string
  manifest: ModelManifest
  agreement: Agreement
  /** Why the model itself was left as it is; undefined if it was rewritten. */
  kept: string | undefined
}

/**
 * Makes a package of an ONNX file. Throws UserError, having written nothing, if that cannot be done; so it does once
 * `stopped` is aborted.
 */
export async function addModel(path: string, options: AddOptions, stopped: AbortSignal): Promise<AddedModel> {
  const folder = join(options.repository, options.name, options.version)
  const file = await readOnnxFile(path)
  refuseUnsupported(file)
  const signature = signatureOf(file)
  await refuseExisting(folder, options.force).catch((error: unknown) => {
    // Whoever is told the one alone would meet the other next.
    refuseWrongLabels(options.labels, declaredClasses(signature, options.conversion))
    throw error
  })
  const observed = await observe(file, signature, options)
  refuseWrongLabels(options.labels, classesOf(observed))
  const reason = reasonToKeepGraph(file) ?? (options.keepGraph ? '--keep-graph was given' : undefined)
  const form = reason ? chainOf(file, signature, observed) : singleGraphOf(file, signature, observed)
  const batch = signature.input.shape?.[0]
  const packed = await pack(form, { folder, file, options, observed, batch, stopped })
  return { ...packed, kept: reason }
}

interface Packing {
  folder: string
  file: OnnxFile
  options: AddOptions
  observed: Observed
  /** Of the original's input: a number where it was exported for so many images. */
  batch: number | string | undefined
  stopped: AbortSignal
}

/** With an example of one image, PyTorch's exporter takes the batch for fixed where the model looks at it. */
const DYNAMIC_EXPORT =
  'export the model with a dynamic batch dimension, as in torch.onnx.export(model, (torch.rand(2, 3, 224, 224),), "model.onnx", dynamic_shapes=({0: torch.export.Dim("batch")},))'

/** What is wrong with a package, of which the folder is gone by the time that someone reads this. What runs as the original alone was made wrong. */
function ofPackage(message: string, folder: string, batch: Packing['batch']): string {
  const rest = message.replaceAll(join(folder, '/'), '')
  if (typeof batch !== 'number') return rest
  return `the model was exported for ${batch === 1 ? 'one image' : `${batch} images`}, and cannot be made to take any number: ${rest}; ${DYNAMIC_EXPORT}`
}

async function pack(
  form: Form,
  { folder, file, options, observed, batch, stopped }: Packing,
): Promise<Omit<AddedModel, 'kept'>> {
  const { conversion, images, expected } = observed
  const manifest = manifestOf(options, conversion, form)
  const origin: Origin = { file: basename(file.path), sha256: sha256Of(file.bytes), conversion }
  const files: Record<string, PackageFile> = {
    ...form.files,
    'model.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
    'origin.json': `${JSON.stringify(origin, undefined, 2)}\n`,
    ...(options.labels ? { 'labels.txt': `${options.labels.join('\n')}\n` } : {}),
  }
  for (const name of file.externalFiles) files[name] = { copyOf: join(dirname(file.path), name) }
  let agreement: Agreement | undefined
  await writePackage(folder, files, { replace: options.force, stopped }, async (temporary) => {
    agreement = await compare(temporary, images, expected, computesInHalves(file.graph)).catch(
      (error: unknown) => {
        throw error instanceof UserError ? new UserError(ofPackage(error.message, temporary, batch)) : error
      },
    )
  })
  if (!agreement) throw new TypeError('the package was not compared')
  return { folder, manifest, agreement }
}

async function compare(
  folder: string,
  images: readonly Uint8Array[],
  expected: Expected,
  inHalves: boolean,
): Promise<Agreement> {
  const packaged = await PackagedModel.open(folder)
  try {
    const agreement = await assertAgreement(packaged, images, expected, inHalves)
    await packaged.warmUp()
    return agreement
  } finally {
    await packaged.close()
  }
}
