import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { resnet50 } from '../../test/support/resnet50.ts'
import { loadModelPackage } from '../../worker-pool/models/model-package.ts'
import type { BenchSetup } from '../bench-setup.ts'

/** The same bench with a ResNet-50 of random weights, brought in as anyone would bring theirs. */
export async function resnet50Setup(setup: BenchSetup): Promise<BenchSetup> {
  const { folder, signal, env } = setup
  setup.onProgress('resnet50: making the model and its package')
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'resnet50.onnx')
  await writeFile(file, resnet50())
  const add = ['cli/main.ts', 'model', 'add', file, '--name', 'resnet50', '--preset', 'imagenet', '--force']
  await promisify(execFile)(process.execPath, [...add, '--repository', folder], {
    cwd: PROJECT_ROOT,
    env,
    signal,
  })
  const modelDir = join(folder, 'resnet50', '1')
  return { ...setup, modelDir, model: await loadModelPackage(modelDir) }
}
