import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../user-error.ts'
import { type Graph, onnx, tensorsWithin } from './proto.ts'

/** Files that a package has of its own. */
const RESERVED = new Set([
  'model.onnx',
  'before.onnx',
  'after.onnx',
  'model.json',
  'labels.txt',
  'origin.json',
])

/**
 * Names of the files, all beside the model, that hold weights of its graph. Throws UserError where such a file is not there, is shorter than the
 * graph says, or lies elsewhere.
 */
export async function externalFilesOf(graph: Graph, path: string): Promise<string[]> {
  const lengths = new Map<string, number>()
  for (const { externalData, dataLocation, name } of tensorsWithin(graph)) {
    if (dataLocation !== onnx.TensorProto.DataLocation.EXTERNAL) continue
    const of = (wanted: string) => externalData?.find(({ key }) => key === wanted)?.value ?? ''
    const location = of('location')
    if (!/^[A-Za-z0-9_][^/\\]*$/.test(location) || RESERVED.has(location))
      throw new UserError(
        `${path}: the weights "${name}" lie in "${location}"; they must lie in a file beside the model, of a name other than ${[...RESERVED].join(', ')}`,
      )
    lengths.set(location, Math.max(lengths.get(location) ?? 0, Number(of('offset')) + Number(of('length'))))
  }
  for (const [location, length] of lengths) await refuseShort(path, location, length)
  return [...lengths.keys()]
}

async function refuseShort(path: string, location: string, length: number): Promise<void> {
  const found = await stat(join(dirname(path), location)).catch(() => undefined)
  if (!found)
    throw new UserError(
      `${path}: its weights lie in ${location}, which is not there; put it beside the model`,
    )
  if (found.size < length)
    throw new UserError(
      `${path}: its weights lie in ${location}, which has ${found.size} bytes of ${length}; copy or export it again`,
    )
}
