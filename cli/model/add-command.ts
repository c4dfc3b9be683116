import { rm, rmdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { modelNameSchema, modelVersionSchema, resizeSchema } from '../../shared/model-manifest.ts'
import { command } from '../command.ts'
import { oneOf, refuseUnknown, text, wholeNumber } from '../flags.ts'
import { refuseMissing } from '../onnx/model-file.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { type AddedModel, type AddOptions, addModel } from './add-model.ts'
import { agreementText } from './agreement.ts'
import { conversionArgs, parseConversionFlags } from './conversion-flags.ts'
import { readLabels } from './package-files.ts'
import { addressOf, checksumOf, downloadPath, fileNameOf, isAddress, pullModel } from './pull-model.ts'
import { parseServing, servingArgs } from './serving-flags.ts'

const IMAGENET_LABELS = fileURLToPath(
  new URL('../../models/efficientnet-lite0/1/labels.txt', import.meta.url),
)
const MODES = resizeSchema.shape.mode.options
const KERNELS = resizeSchema.shape.kernel.options

const args = {
  file: { type: 'positional', description: 'An ONNX file, or its https address', required: false },
  name: { type: 'string', description: "What callers name the model; the file's name", valueHint: 'NAME' },
  version: { type: 'string', description: 'Its version; 1', valueHint: 'VERSION' },
  ...conversionArgs,
  size: {
    type: 'string',
    description: 'The side that photos are scaled to before the cut; 8/7 of --input',
    valueHint: 'PIXELS',
  },
  mode: {
    type: 'string',
    description: 'cover (default), contain or stretch',
    valueHint: 'cover|contain|stretch',
  },
  kernel: {
    type: 'string',
    description: 'cubic (default), triangle or lanczos3',
    valueHint: 'cubic|triangle|lanczos3',
  },
  labels: { type: 'string', description: 'A text file, one class a line', valueHint: 'FILE' },
  repository: { type: 'string', description: 'The folder of models; models', valueHint: 'FOLDER' },
  sha256: { type: 'string', description: 'Checksum of the file, if it is fetched', valueHint: 'HEX' },
  ...servingArgs,
  force: { type: 'boolean', description: 'Replace an existing version' },
  'keep-graph': {
    type: 'boolean',
    description: 'Leave the model as it is, with small graphs before and after',
  },
} as const

export function addCommand(terminal: Terminal) {
  return command({
    meta: { name: 'add', description: 'Make a package that a pool can serve of an ONNX file.' },
    examples: [
      {
        does: 'ResNet-50 as PyTorch exports it',
        line: 'edgebatch model add resnet50.onnx --preset imagenet',
      },
      {
        does: 'from an address, with its checksum',
        line: 'edgebatch model add https://example.com/model.onnx --sha256 HEX --labels labels.txt --input 224',
      },
    ],
    args,
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 1)
      if (!given.file)
        throw new UsageError('which file? As in: edgebatch model add resnet50.onnx --preset imagenet')
      // What flags are missing is asked of a file that there is.
      if (!isAddress(given.file)) await refuseMissing(given.file)
      const options = await addOptions(given)
      const added = await withFile(given.file, checksumOf(text(given, 'sha256')), options, terminal)
      const { folder, manifest, agreement, kept } = added
      if (kept)
        terminal.print(
          `The model itself is unchanged, since ${kept}; it runs as ${manifest.graphs.join(', ')}.`,
        )
      terminal.print(`It answers as the original does. ${agreementText(agreement)}`)
      terminal.print(`${folder}: ${manifest.name}, version ${manifest.version}, is ready to be served.`)
      terminal.print(
        `A pool with MODEL_REPOSITORY=${options.repository} takes it up by itself; ask it at POST /predict?model=${manifest.name}.`,
      )
    },
  })
}

/** Adds a file, or what lies at an address, which is kept within the repository until that is done. */
async function withFile(
  source: string,
  sha256: string | undefined,
  options: AddOptions,
  terminal: Terminal,
): Promise<AddedModel> {
  if (!isAddress(source)) {
    if (sha256) throw new UsageError('--sha256 is for a model that is fetched; leave it out for a file')
    return addModel(source, options, terminal.stopped)
  }
  const url = addressOf(source)
  const path = downloadPath(options.repository, url)
  // What nobody vouches for may have changed since.
  if (!sha256) await rm(path, { force: true })
  await pullModel(url, sha256, path, terminal)
  const added = await addModel(path, options, terminal.stopped)
  await rm(dirname(path), { recursive: true, force: true })
  await rmdir(dirname(dirname(path))).catch(() => {})
  return added
}

/** Throws UsageError, naming the flag, where one is wrong. */
export async function addOptions(given: Record<string, unknown>): Promise<AddOptions> {
  const conversion = parseConversionFlags(given)
  return {
    name: nameFor(given),
    version: named({ version: '1', ...given }, 'version', modelVersionSchema),
    repository: text(given, 'repository') ?? 'models',
    labels: await labelsOf(text(given, 'labels'), conversion),
    resize: resizeOf(given, conversion.input),
    serving: parseServing(given),
    force: given.force === true,
    keepGraph: given['keep-graph'] === true || given.keepGraph === true,
    conversion,
  }
}

/** As given, or else the file's. */
function nameFor(given: Record<string, unknown>): string {
  const ofFile = nameOf(given.file)
  if (text(given, 'name') !== undefined || ofFile === undefined) return named(given, 'name', modelNameSchema)
  const { success, error } = modelNameSchema.safeParse(ofFile)
  if (success) return ofFile
  throw new UsageError(
    `--name is missing: give the name that callers will use, as "${ofFile}", the file's, will not do: ${error.issues[0]?.message}`,
  )
}

/** The file's, without its ending and in small letters. */
function nameOf(file: unknown): string | undefined {
  if (typeof file !== 'string') return undefined
  const fileName = isAddress(file) && URL.canParse(file) ? fileNameOf(new URL(file)) : basename(file)
  return fileName.replace(/\.onnx$/i, '').toLowerCase()
}

function named(given: Record<string, unknown>, flag: string, schema: typeof modelNameSchema): string {
  const value = text(given, flag)
  if (value === undefined) throw new UsageError(`--${flag} is missing: give the name that callers will use`)
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new UsageError(`--${flag} "${value}": ${parsed.error.issues[0]?.message}`)
  return parsed.data
}

async function labelsOf(
  path: string | undefined,
  { task, preset, mean }: AddOptions['conversion'],
): Promise<string[] | undefined> {
  if (task !== 'classification') {
    if (path) throw new UsageError(`--labels is for classification; leave it out for ${task}`)
    return undefined
  }
  if (!path && !preset)
    throw new UsageError(
      `--labels is missing: give a text file, one class a line, in class order${mean ? '' : '; unless the model takes bytes it also needs --mean and --std as in training, --mean 0,0,0 --std 1,1,1 for none'}`,
    )
  const labels = await readLabels(path ?? IMAGENET_LABELS)
  if (!labels) throw new UsageError(`--labels: ${path} cannot be read; give the path of a text file`)
  const empty = labels.indexOf('')
  if (empty !== -1)
    throw new UsageError(`--labels: line ${empty + 1} of ${path} is empty; give each class a line`)
  return labels
}

function resizeOf(given: Record<string, unknown>, input: number | undefined): AddOptions['resize'] {
  const mode = oneOf(given, 'mode', MODES) ?? 'cover'
  const size = wholeNumber(given, 'size', 4096)
  if (size !== undefined && input !== undefined && (mode === 'cover' ? size < input : size !== input))
    throw new UsageError(
      mode === 'cover'
        ? `--size ${size} is less than --input ${input}, which is cut out of it; give at least ${input}`
        : `--size must equal --input for --mode ${mode}; leave --size out`,
    )
  return { mode, size, kernel: oneOf(given, 'kernel', KERNELS) ?? 'cubic' }
}
