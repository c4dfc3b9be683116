import { access, readFile } from 'node:fs/promises'
import { UserError } from '../user-error.ts'
import { externalFilesOf } from './external-weights.ts'
import { DataType, type Graph, type Model, onnx, tensorsWithin } from './proto.ts'

/** An ONNX file as it is on disk. */
export interface OnnxFile {
  path: string
  bytes: Uint8Array
  graph: Graph
  /** Of the standard operators; undefined if the model imports none. */
  opset: number | undefined
  ir: number
  /** Paths, relative to the model's folder, of files that hold weights. */
  externalFiles: string[]
}

const LFS_POINTER = 'version https://git-lfs'

/** Throws UserError if the file cannot be read, is no ONNX model, or lacks its weights. */
export async function readOnnxFile(path: string): Promise<OnnxFile> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_FS_FILE_TOO_LARGE')
      throw new UserError(`${path}: larger than 2 GiB; export it with its weights as external data`)
    throw unreadable(path, error)
  })
  if (bytes.subarray(0, LFS_POINTER.length).toString('latin1') === LFS_POINTER)
    throw new UserError(`${path}: is a Git LFS pointer, not the model; fetch it with "git lfs pull"`)
  const model = decode(bytes)
  if (!model?.graph?.node?.length) throw new UserError(`${path}: ${whyNoModel(bytes, model)}`)
  const standard = model.opsetImport?.find(({ domain }) => !domain || domain === 'ai.onnx')
  const { graph } = model
  return {
    path,
    bytes,
    graph,
    opset: standard && Number(standard.version ?? 1),
    ir: Number(model.irVersion ?? 0),
    externalFiles: await externalFilesOf(graph, path),
  }
}

/** Throws UserError, as readOnnxFile would, if there is no such file. */
export async function refuseMissing(path: string): Promise<void> {
  await access(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error)
  })
}

function unreadable(path: string, { code }: NodeJS.ErrnoException): UserError {
  const reasons: Record<string, string> = { ENOENT: 'there is no such file', EISDIR: 'is a folder' }
  const reason = reasons[code ?? ''] ?? `cannot be read (${code})`
  return new UserError(`${path}: ${reason}; give the path of an ONNX file`)
}

/** The field that a model begins with, whoever has written it: the version of its format. */
const FIRST_BYTE = 0x08

function whyNoModel(bytes: Uint8Array, model: Model | undefined): string {
  if (bytes.length === 0) return 'is empty; copy or export it again'
  if (!model && bytes[0] === FIRST_BYTE) return 'is incomplete or damaged; copy or export it again'
  return 'is not an ONNX model; export one, for instance with torch.onnx.export'
}

function decode(bytes: Uint8Array): Model | undefined {
  try {
    return onnx.ModelProto.decode(bytes)
  } catch {
    return undefined
  }
}

/** Numbers that the graph stores: what is called its parameters. */
export function parameterCount(graph: Graph): number {
  let count = 0
  for (const { dims } of tensorsWithin(graph))
    count += (dims ?? []).reduce((product: number, dim) => product * Number(dim), 1)
  return count
}

/** Whether any of its weights are float16, so that its answers have three digits. */
export function computesInHalves(graph: Graph): boolean {
  for (const { dataType } of tensorsWithin(graph)) if (dataType === DataType.FLOAT16) return true
  return false
}
