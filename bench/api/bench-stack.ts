import { type Stack, startStack } from '../../local-stack/stack.ts'
import { type BenchSetup, poolSettings } from '../bench-setup.ts'

/** A local stack of a bench's own, with workerd; stopped after `work`. */
export async function withStack<T>(
  setup: BenchSetup,
  {
    pools,
    edge = {},
    pool = {},
  }: { pools: number; edge?: Record<string, string>; pool?: Record<string, string> },
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const stack = await startStack({
    folder: setup.folder,
    edgePort: 0,
    edgeRuntime: 'workerd',
    pools,
    env: setup.env,
    edgeBindings: { ALLOW_ANONYMOUS: 'true', CACHE_TTL_SECONDS: '0', MAX_BACKLOG: '100000', ...edge },
    poolEnv: { ...poolSettings(setup, 32), ...pool },
  })
  try {
    return await work(stack)
  } finally {
    await stack.stop()
  }
}
