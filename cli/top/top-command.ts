import { type Clock, systemClock } from '../../shared/clock.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown, wholeNumber } from '../flags.ts'
import type { ServiceState } from '../stats/service-state.ts'
import { SOURCE_DETAILS, type StateSource, withStateSource } from '../stats/state-source.ts'
import type { Terminal } from '../terminal.ts'
import { UserError } from '../user-error.ts'
import type { Screen } from './screen.ts'
import { topFrame } from './top-frame.ts'

const args = {
  every: { type: 'string', description: 'How often it looks; 2', valueHint: 'SECONDS' },
} as const

const EVERY_SECONDS = 2
const SLOWEST_SECONDS = 3_600

export function topCommand(terminal: Terminal, environment: Environment, screen: Screen) {
  return command({
    meta: { name: 'top', description: 'Watch queues, rates and pools, live.' },
    args,
    details: [
      'q quits. What does not get on stands first: pools that are stuck, then those that are slow. Where there is no terminal, it prints what there is once; NO_COLOR=1 leaves out colours.',
      SOURCE_DETAILS,
    ],
    examples: [{ does: 'once, into a file', line: 'edgebatch top > state.txt' }],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 0)
      const everyMs = 1000 * (wholeNumber(given, 'every', SLOWEST_SECONDS) ?? EVERY_SECONDS)
      await withStateSource(environment, terminal, async (source) => {
        const state = await source.read()
        if (screen.size())
          return watch(source, state, { screen, everyMs, clock: systemClock, stopped: terminal.stopped })
        const frame = topFrame(state, { colour: false, place: source.place, at: new Date(), isLive: false })
        for (const line of frame) terminal.print(line)
      })
    },
  })
}

export interface Watching {
  screen: Screen
  everyMs: number
  clock: Clock
  stopped: AbortSignal
}

/** In raw mode, Ctrl-C is a key as any other. */
const QUIT_KEYS = ['q', 'Q', '\u0003']

/** Draws until somebody quits. A source that fails meanwhile is asked again: what was seen last stays, with the reason. */
export async function watch(
  { place, read }: StateSource,
  first: ServiceState,
  { screen, everyMs, clock, stopped }: Watching,
): Promise<void> {
  const quit = new AbortController()
  const ending = AbortSignal.any([stopped, quit.signal])
  let seen = { state: first, at: new Date(clock.now()) }
  let failure: string | undefined
  const draw = () =>
    screen.draw(
      topFrame(seen.state, {
        ...seen,
        ...screen.size(),
        place,
        failure,
        colour: screen.colour,
        isLive: true,
      }),
    )
  // Keys that are held down, or typed faster than they are read, come together.
  screen.open({ key: (keys) => QUIT_KEYS.some((key) => keys.startsWith(key)) && quit.abort(), resized: draw })
  const ended = new Promise<void>((resolve) => ending.addEventListener('abort', () => resolve()))
  try {
    for (;;) {
      draw()
      await clock.sleep(everyMs, ending)
      if (ending.aborted) return
      try {
        // Who quits does not wait for an answer, whatever it is read from.
        const state = await Promise.race([read(ending), ended])
        if (!state || ending.aborted) return
        seen = { state, at: new Date(clock.now()) }
        failure = undefined
      } catch (error) {
        if (ending.aborted) return
        if (!(error instanceof UserError)) throw error
        failure = error.message
      }
    }
  } finally {
    screen.close()
  }
}
