import type { ModelManifest } from '../../shared/model-manifest.ts'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { InferenceSession } from '../../worker-pool/inference/inference-session.ts'
import { warmUp } from '../../worker-pool/inference/warm-up.ts'
import { loadModelPackage, ModelPackageError } from '../../worker-pool/models/model-package.ts'
import { reasonOf, UserError } from '../user-error.ts'
import { numbersOf, type Values } from './ort-session.ts'

/** A package as a pool loads and runs it. */
export class PackagedModel {
  readonly manifest: ModelManifest
  /** One a class; empty for tasks without classes. */
  readonly labels: readonly string[]
  /** What the graphs run on. */
  readonly providers: readonly string[]
  readonly #session: InferenceSession

  private constructor(session: InferenceSession, labels: readonly string[]) {
    this.manifest = session.manifest
    this.providers = session.providers
    this.labels = labels
    this.#session = session
  }

  /** Throws UserError if a pool would refuse the package, or the providers cannot be had. */
  static async open(folder: string, providers: readonly string[] = ['cpu']): Promise<PackagedModel> {
    try {
      const loaded = await loadModelPackage(folder)
      const options = { providers, intraOpThreads: undefined, deviceId: undefined, strict: true }
      return new PackagedModel(await InferenceSession.load(loaded, options), loaded.labels)
    } catch (error) {
      throw asUserError(error)
    }
  }

  /** Puts an image through it as a pool does before it serves. Throws UserError if a pool would refuse what comes out. */
  async warmUp(): Promise<void> {
    await warmUp(this.#session, this.labels, [1]).catch((error: unknown) => {
      throw asUserError(error)
    })
  }

  /** `images`: each of the manifest's input shape. Returns the task's outputs, in the order of `outputNames`. */
  async run(images: readonly Uint8Array[]): Promise<Values[]> {
    const n = images.length
    const outputs = await this.#session
      .run(new Uint8Array(Buffer.concat(images)), n)
      .catch((error: unknown) => {
        throw new UserError(
          `${this.manifest.name} fails on ${n} image${n === 1 ? '' : 's'}: ${reasonOf(error)}; if it was exported for a fixed number of images, export it with a dynamic batch dimension`,
        )
      })
    return outputNames(this.manifest).map((name) => {
      const output = outputs[name]
      if (!output) throw new TypeError(`there is no output "${name}"`)
      return { name, type: output.dtype, dims: output.dims, data: numbersOf(output.dtype, output.data) }
    })
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}

/** What a pool would say, of flags instead of settings. */
function asUserError(error: unknown): unknown {
  if (!(error instanceof ModelPackageError || error instanceof ConfigurationError)) return error
  return new UserError(reasonOf(error).replace('EXECUTION_PROVIDERS', '--providers'))
}

export function outputNames(manifest: ModelManifest): string[] {
  if (manifest.task === 'classification') return [manifest.outputs.probabilities, manifest.outputs.indices]
  return manifest.task === 'embedding' ? [manifest.outputs.embedding] : manifest.outputs.tensors
}
