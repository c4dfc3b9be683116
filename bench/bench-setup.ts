import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../local-stack/project-root.ts'
import { loadModelPackage, type ModelPackage } from '../worker-pool/models/model-package.ts'

/** What the parts of a bench have in common. */
export interface BenchSetup {
  model: ModelPackage
  /** Folder of `model`. */
  modelDir: string
  /** For logs and whatever else the parts leave behind; emptied at the start. */
  folder: string
  /** Variables for every process, PATH among them. */
  env: Record<string, string>
  /** ONNX Runtime's threads of one operator; undefined leaves the choice to it. */
  threads: number | undefined
  /** Aborted when the user wants to stop. */
  signal: AbortSignal
  onProgress: (line: string) => void
}

export async function prepareSetup(
  given: Pick<BenchSetup, 'env' | 'threads' | 'signal' | 'onProgress'>,
): Promise<BenchSetup> {
  const modelDir = join(PROJECT_ROOT, 'models', 'efficientnet-lite0', '1')
  const folder = join(PROJECT_ROOT, '.edgebatch', 'bench')
  await rm(folder, { recursive: true, force: true })
  return { ...given, modelDir, folder, model: await loadModelPackage(modelDir) }
}

/** Settings of a pool that is measured: none may come from the user's environment. An empty string counts as not set. */
export function poolSettings(
  { modelDir, threads }: BenchSetup,
  maxBatchSize: number,
): Record<string, string> {
  return {
    MODEL_DIR: modelDir,
    MODELS: '',
    MAX_BATCH_SIZE: String(maxBatchSize),
    EXECUTION_PROVIDERS: 'cpu',
    INTRA_OP_THREADS: threads === undefined ? '' : String(threads),
    LOG_LEVEL: 'info',
  }
}
