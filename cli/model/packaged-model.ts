import { join } from 'node:path'
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { UserError } from '../user-error.ts'
import { handedOn, openSession, runSession, type Values } from './ort-session.ts'

/** A package's graphs, run one after another. */
export class PackagedModel {
  readonly manifest: ModelManifest
  readonly #sessions: readonly InferenceSession[]

  private constructor(manifest: ModelManifest, sessions: readonly InferenceSession[]) {
    this.manifest = manifest
    this.#sessions = sessions
  }

  /** Throws UserError if a graph does not load or is not what the manifest says. */
  static async open(folder: string, manifest: ModelManifest): Promise<PackagedModel> {
    const sessions: InferenceSession[] = []
    for (const graph of manifest.graphs) sessions.push(await openSession(join(folder, graph)))
    const contradiction = contradictionBetween(manifest, sessions)
    if (contradiction) throw new UserError(`${folder}: ${contradiction}`)
    return new PackagedModel(manifest, sessions)
  }

  /** `images`: each of the manifest's input shape. Returns the task's outputs, in the order of `outputNames`. */
  async run(images: readonly Uint8Array[]): Promise<Values[]> {
    const { input, name } = this.manifest
    const bytes = new Uint8Array(Buffer.concat(images))
    let feed: Tensor = new Tensor('uint8', bytes, [images.length, ...input.shape])
    for (const session of this.#sessions.slice(0, -1)) {
      const results = await session.run({ [session.inputNames[0] ?? '']: feed })
      feed = handedOn(results[session.outputNames[0] ?? ''] as Tensor)
    }
    const last = this.#sessions.at(-1) as InferenceSession
    return runSession(last, feed, outputNames(this.manifest), `${name}, on ${images.length} images,`)
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) await session.release()
  }
}

export function outputNames(manifest: ModelManifest): string[] {
  if (manifest.task === 'classification') return [manifest.outputs.probabilities, manifest.outputs.indices]
  return manifest.task === 'embedding' ? [manifest.outputs.embedding] : manifest.outputs.tensors
}

/** Why the graphs cannot be what the manifest says, or undefined. */
function contradictionBetween(
  manifest: ModelManifest,
  sessions: readonly InferenceSession[],
): string | undefined {
  const { name, dtype, shape } = manifest.input
  const [first, last] = [sessions[0], sessions.at(-1)]
  if (!first || !last) return 'has no graphs'
  const input = first.inputMetadata.find((metadata) => metadata.name === name)
  if (!input?.isTensor)
    return `the first graph has no input "${name}" (it has: ${first.inputNames.join(', ')})`
  const declared = `the first graph takes ${input.type} [${input.shape.join(', ')}]`
  const [batch, ...sides] = input.shape
  if (input.type !== dtype || typeof batch === 'number' || sides.join() !== shape.join())
    return `${declared}, model.json says ${dtype} [N, ${shape.join(', ')}]`
  for (const [i, session] of sessions.entries()) {
    if (session.inputNames.length !== 1) return `${manifest.graphs[i]} must have one input`
    if (session !== last && session.outputNames.length !== 1)
      return `${manifest.graphs[i]} has ${session.outputNames.length} outputs, must have one to hand on`
  }
  return outputContradiction(manifest, last)
}

function outputContradiction(manifest: ModelManifest, last: InferenceSession): string | undefined {
  const types = { classification: ['float32', 'int64'], embedding: ['float32'], tensor: [] }[manifest.task]
  for (const [i, name] of outputNames(manifest).entries()) {
    const output = last.outputMetadata.find((metadata) => metadata.name === name)
    if (!output?.isTensor) return `has no output "${name}" (it has: ${last.outputNames.join(', ')})`
    if (types[i] && output.type !== types[i]) return `output "${name}" is ${output.type}, must be ${types[i]}`
  }
  return undefined
}
