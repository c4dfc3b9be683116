import { constants } from 'node:os'

export type StopSignal = 'SIGTERM' | 'SIGINT'

/**
 * A terminal sends Ctrl-C to all processes of its group, and npm or a supervisor passes on what it has been sent itself: what comes
 * so soon after the first signal is the same one.
 */
const SAME_SIGNAL_MS = 1_000

/** `process`, or what stands in for it. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown
}

export interface StopHandlers {
  /** On the first SIGTERM or SIGINT. */
  stop: (signal: StopSignal) => void
  /** On one that comes later, from somebody who will not wait. Not called for repeats of the first. */
  endAtOnce: (signal: StopSignal) => void
}

/** From now on the signals do not end the process by themselves. `elapsed`: in ms, never going back. */
export function onStopSignals(
  source: SignalSource,
  { stop, endAtOnce }: StopHandlers,
  elapsed: () => number = () => performance.now(),
): void {
  let first: number | undefined
  const handle = (signal: StopSignal) => {
    if (first === undefined) {
      first = elapsed()
      stop(signal)
    } else if (elapsed() - first > SAME_SIGNAL_MS) endAtOnce(signal)
  }
  source.on('SIGTERM', () => handle('SIGTERM'))
  source.on('SIGINT', () => handle('SIGINT'))
}

/** The exit code of a process that a signal ended, as shells have it. */
export function exitCodeOfSignal(signal: StopSignal): number {
  return 128 + constants.signals[signal]
}

/** Whether this process was started with an IPC channel whose other end has gone: nobody would be told by `disconnect` any more. */
export function hasLostParent(host: Pick<NodeJS.Process, 'send' | 'connected'>): boolean {
  return host.send !== undefined && !host.connected
}
