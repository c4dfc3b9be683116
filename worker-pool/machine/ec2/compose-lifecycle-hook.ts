import { systemClock } from '../../../shared/clock.ts'
import type { PoolEnv } from '../../env.ts'
import { METADATA_SERVER } from '../preemption.ts'
import { LifecycleHook, type LifecycleHookOptions } from './lifecycle-hook.ts'

/** The hook that the settings name, if they name one. */
export function composeLifecycleHook(
  env: Pick<
    PoolEnv,
    'LIFECYCLE_HOOK_NAME' | 'AUTOSCALING_GROUP_NAME' | 'AUTOSCALING_ENDPOINT' | 'METADATA_URL'
  >,
  log: LifecycleHookOptions['log'],
): LifecycleHook | undefined {
  if (env.LIFECYCLE_HOOK_NAME === undefined) return undefined
  return new LifecycleHook({
    hookName: env.LIFECYCLE_HOOK_NAME,
    groupName: env.AUTOSCALING_GROUP_NAME,
    endpoint: env.AUTOSCALING_ENDPOINT,
    baseUrl: env.METADATA_URL ?? METADATA_SERVER,
    ...{ clock: systemClock, log },
  })
}
