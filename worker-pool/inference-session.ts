import { InferenceSession as OrtSession, Tensor } from 'onnxruntime-node'
import type { ClassificationManifest } from '../shared/model-manifest.ts'
import { type ModelPackage, ModelPackageError } from './model-package.ts'

export interface SessionOptions {
  providers: readonly string[]
  /** Threads of one operator; undefined leaves the choice to ONNX Runtime. */
  intraOpThreads: number | undefined
}

/** What the graph says about a batch of n images: k classes each, best first, image after image. */
export interface BatchOutputs {
  /** n * k values. */
  probabilities: Float32Array
  /** n * k class indices. */
  indices: BigInt64Array
  k: number
}

/** One ONNX Runtime session of one model package. `run` occupies the calling thread until the batch is done. */
export class InferenceSession {
  readonly manifest: ClassificationManifest
  readonly #session: OrtSession

  private constructor(manifest: ClassificationManifest, session: OrtSession) {
    this.manifest = manifest
    this.#session = session
  }

  /** Loads the graph and holds it against the manifest. Throws ModelPackageError if either will not do. */
  static async load(
    { manifest, graphPath }: ModelPackage,
    options: SessionOptions,
  ): Promise<InferenceSession> {
    if (manifest.task !== 'classification')
      throw new ModelPackageError(`${graphPath}: the task ${manifest.task} is not served yet`)
    let session: OrtSession
    try {
      session = await OrtSession.create(graphPath, {
        executionProviders: [...options.providers],
        ...(options.intraOpThreads === undefined ? {} : { intraOpNumThreads: options.intraOpThreads }),
      })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new ModelPackageError(`${graphPath}: ONNX Runtime cannot load it: ${reason}`, { cause: error })
    }
    const contradiction = contradictionBetween(manifest, session)
    if (contradiction) throw new ModelPackageError(`${graphPath}: ${contradiction}`)
    return new InferenceSession(manifest, session)
  }

  /** `images`: n images of the manifest's input shape, one after another. */
  async run(images: Uint8Array, n: number): Promise<BatchOutputs> {
    const { input, outputs } = this.manifest
    const results = await this.#session.run({
      [input.name]: new Tensor('uint8', images, [n, ...input.shape]),
    })
    const probabilities = results[outputs.probabilities]?.data
    const indices = results[outputs.indices]?.data
    const k = results[outputs.probabilities]?.dims[1]
    if (!(probabilities instanceof Float32Array && indices instanceof BigInt64Array && k)) {
      throw new TypeError('the graph gave outputs of another type than it declares')
    }
    return { probabilities, indices, k }
  }

  async close(): Promise<void> {
    await this.#session.release()
  }
}

/** Why the graph cannot be what the manifest says, or undefined. */
function contradictionBetween(manifest: ClassificationManifest, session: OrtSession): string | undefined {
  const { name, dtype, shape } = manifest.input
  const input = session.inputMetadata.find((metadata) => metadata.name === name)
  if (!input?.isTensor) return `has no input "${name}" (it has: ${session.inputNames.join(', ')})`
  if (session.inputNames.length !== 1) return `has ${session.inputNames.length} inputs, must have one`
  if (input.type !== dtype) return `input "${name}" is ${input.type}, the manifest says ${dtype}`
  const [batch, ...sides] = input.shape
  if (typeof batch === 'number') return `input "${name}" has a fixed batch size of ${batch}, must be dynamic`
  if (sides.join() !== shape.join())
    return `input "${name}" is [N, ${sides}], the manifest says [N, ${shape}]`
  return (
    outputContradiction(session, manifest.outputs.probabilities, 'float32') ??
    outputContradiction(session, manifest.outputs.indices, 'int64')
  )
}

function outputContradiction(session: OrtSession, name: string, type: string): string | undefined {
  const output = session.outputMetadata.find((metadata) => metadata.name === name)
  if (!output?.isTensor) return `has no output "${name}" (it has: ${session.outputNames.join(', ')})`
  return output.type === type ? undefined : `output "${name}" is ${output.type}, must be ${type}`
}
