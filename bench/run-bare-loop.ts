import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startService } from '../local-stack/node-service.ts'
import type { BareLoopTask } from './bare-loop.ts'
import type { BenchSetup } from './bench-setup.ts'
import { exampleImages } from './example-images.ts'

interface Loop extends Pick<BareLoopTask, 'batchSize' | 'warmUpRuns' | 'runs'> {
  /** By default the CPU's. */
  providers?: readonly string[]
  /** Called when all runs are through, while the process still holds the memory that they took. */
  beforeEnd?: () => Promise<void>
}

/** Milliseconds of each of `runs` runs of the model on `batchSize` images, in a process that is gone when this resolves. */
export async function runBareLoop(
  setup: BenchSetup,
  { batchSize, warmUpRuns, runs, providers = ['cpu'], beforeEnd }: Loop,
): Promise<number[]> {
  setup.signal.throwIfAborted()
  const { folder, threads } = setup
  const {
    graphPaths: [graphPath = ''],
    manifest,
  } = setup.model
  const imagesFile = join(folder, `images-${batchSize}.bin`)
  await mkdir(folder, { recursive: true })
  await writeFile(imagesFile, Buffer.concat(await exampleImages(batchSize, manifest.resize)))
  const { name: inputName, shape } = manifest.input
  const task: BareLoopTask = {
    ...{ graphPath, inputName, shape, imagesFile, threads },
    ...{ batchSize, warmUpRuns, runs, providers },
  }
  const env = { ...setup.env, BARE_LOOP: JSON.stringify(task) }
  const starting = startService({ name: 'bare-loop', entry: 'bench/bare-loop.ts', env, folder })
  const loop = await Promise.race([starting, rejectOnAbort(setup.signal)])
  await beforeEnd?.()
  await loop.stop()
  return loop.ready.durations as number[]
}

/** The loop is then left behind; it ends as soon as we have. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
