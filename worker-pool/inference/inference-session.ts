import { type InferenceSession as OrtSession, Tensor } from 'onnxruntime-node'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { type ModelPackage, ModelPackageError } from '../models/model-package.ts'
import { closeAll, openGraphs, type SessionOptions, type UnavailableProvider } from './execution-providers.ts'
import { contradictionIn, expectedOutputs } from './graph-contract.ts'
import { type NamedOutputs, outputTensor } from './output-tensor.ts'

/** A model package's graphs in ONNX Runtime, run one after another. `run` occupies the calling thread until the batch is done. */
export class InferenceSession {
  readonly manifest: ModelManifest
  /** What the graphs run on. */
  readonly providers: readonly string[]
  /** Providers that were asked for and could not be had; empty if `strict` was set. */
  readonly unavailable: readonly UnavailableProvider[]
  readonly #graphs: OrtSession[]
  readonly #outputNames: string[]

  private constructor(
    manifest: ModelManifest,
    graphs: OrtSession[],
    providers: readonly string[],
    unavailable: readonly UnavailableProvider[],
  ) {
    this.manifest = manifest
    this.providers = providers
    this.unavailable = unavailable
    this.#graphs = graphs
    this.#outputNames = expectedOutputs(manifest).map(({ name }) => name)
  }

  /**
   * Loads the graphs and holds them against each other and the manifest. Throws ModelPackageError if any will not do, and
   * ConfigurationError if the providers will not.
   */
  static async load(
    { manifest, graphPaths }: ModelPackage,
    options: SessionOptions,
  ): Promise<InferenceSession> {
    const { sessions, providers, unavailable } = await openGraphs(graphPaths, options)
    const loaded = sessions.map((session, i) => ({ session, path: graphPaths[i] ?? '' }))
    const contradiction = contradictionIn(manifest, loaded)
    if (contradiction) {
      await closeAll(sessions)
      throw new ModelPackageError(contradiction)
    }
    return new InferenceSession(manifest, sessions, providers, unavailable)
  }

  /** `images`: n images of the manifest's input shape, one after another. Gives the outputs that the manifest names. */
  async run(images: Uint8Array, n: number): Promise<NamedOutputs> {
    let given: Tensor | undefined = new Tensor('uint8', images, [n, ...this.manifest.input.shape])
    for (const graph of this.#graphs.slice(0, -1)) {
      const [gives = ''] = graph.outputNames
      given = (await runGraph(graph, given, [gives]))[gives]
    }
    const last = this.#graphs.at(-1)
    const outputs: TensorsByName = last ? await runGraph(last, given, this.#outputNames) : {}
    return Object.fromEntries(this.#outputNames.map((name) => [name, outputTensor(name, outputs[name], n)]))
  }

  async close(): Promise<void> {
    await closeAll(this.#graphs)
  }
}

type TensorsByName = Record<string, Tensor | undefined>

/** `given` goes into the graph's one input. */
async function runGraph(
  graph: OrtSession,
  given: Tensor | undefined,
  wanted: readonly string[],
): Promise<TensorsByName> {
  const [input] = graph.inputNames
  if (input === undefined || given === undefined) throw new TypeError('a graph was given nothing')
  return (await graph.run({ [input]: readable(given) }, wanted)) as TensorsByName
}

/** onnxruntime-node 1.30 gives float16 as a Float16Array, and takes one for empty; the same bytes as Uint16Array it reads. */
function readable(tensor: Tensor): Tensor {
  const { type, dims, data } = tensor
  if (type !== 'float16' || !ArrayBuffer.isView(data)) return tensor
  const bits = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
  return Object.defineProperty(new Tensor('float16', bits, dims), 'data', { value: bits })
}
