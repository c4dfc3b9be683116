import { fork } from 'node:child_process'
import { systemClock } from '../../shared/clock.ts'
import type { DevicePool } from './device-pools.ts'
import { hasLostParent, onStopSignals } from './stop-signals.ts'
import { Supervisor, type SupervisorDependencies } from './supervisor.ts'

/** This process as the supervisor's: `process`, or what a test puts in its place. */
type Host = Pick<NodeJS.Process, 'on' | 'send' | 'connected' | 'disconnect'>

export interface SupervisionSettings {
  /** File that each pool's process runs; the supervisor's own, usually. */
  entry: string
  killAfterMs: number
  log: SupervisorDependencies['log']
  clock?: SupervisorDependencies['clock']
  random?: () => number
  /** In ms, never going back. */
  elapsed?: () => number
}

/**
 * Runs `pools`, each in a process of its own, until this process is told to stop (SIGTERM, SIGINT, or the end of its
 * parent) or the pools are over. A second signal, later, kills them. Says `ready` to its parent once all of them have. Gives
 * the exit code.
 *
 * Should this process be killed, each pool sees its IPC channel close and stops by itself.
 */
export async function superviseHere(
  pools: readonly DevicePool[],
  host: Host,
  settings: SupervisionSettings,
): Promise<number> {
  const supervisor = new Supervisor(pools, {
    startProcess: ({ env }) => fork(settings.entry, [], { env: { ...env }, stdio: OUTPUT_ONLY }),
    clock: settings.clock ?? systemClock,
    random: settings.random ?? Math.random,
    // The parent may have ended meanwhile, of which `disconnect` tells.
    onReady: (message) => host.send?.(message, undefined, undefined, () => {}),
    log: settings.log,
    killAfterMs: settings.killAfterMs,
  })
  const handlers = { stop: supervisor.stop.bind(supervisor), endAtOnce: () => supervisor.kill() }
  onStopSignals(host, handlers, settings.elapsed)
  host.on('disconnect', () => supervisor.stop('SIGTERM'))
  if (hasLostParent(host)) supervisor.stop('SIGTERM')
  const exitCode = await supervisor.finished
  if (host.connected) host.disconnect?.()
  return exitCode
}

const OUTPUT_ONLY: ['ignore', 'inherit', 'inherit', 'ipc'] = ['ignore', 'inherit', 'inherit', 'ipc']
