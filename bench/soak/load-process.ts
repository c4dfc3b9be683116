import { startService } from '../../local-stack/node-service.ts'
import type { BenchSetup } from '../bench-setup.ts'
import type { LoadResult, LoadTask } from './load.ts'

/** Makes calls in a process of its own, which is gone when this resolves, and its connections with it. */
export async function runLoad(setup: BenchSetup, task: LoadTask): Promise<LoadResult> {
  const { env, folder, signal } = setup
  signal.throwIfAborted()
  const starting = startService({
    ...{ name: 'load', entry: 'bench/soak/load-main.ts', folder },
    env: { ...env, LOAD: JSON.stringify(task) },
  })
  // It is left behind when the user wants to stop: it ends as soon as we have.
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  const load = await Promise.race([starting, stopped])
  await load.stop()
  return load.ready as unknown as LoadResult
}
