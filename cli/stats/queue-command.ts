import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { SOURCE_DETAILS, withStateSource } from './state-source.ts'
import { queueTable } from './state-text.ts'

const args = {
  json: { type: 'boolean', description: 'As JSON, for programs: pools and memory, too' },
} as const

export function queueCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: {
      name: 'queue',
      description: 'Show what waits for each model version, how fast it is served, and until when.',
    },
    args,
    details: [
      'Jobs are those that wait or are run. OLDEST is for how long the one waits that came first and no pool has taken. IN/S are jobs that come, OUT/S images that the pools serve while they are busy, ETA is when all that is there will be served.',
      SOURCE_DETAILS,
    ],
    examples: [
      { does: 'what waits on this machine', line: 'edgebatch queue' },
      { does: 'without an edge', line: 'REDIS_URL=redis://localhost:6379 edgebatch queue' },
    ],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 0)
      const { state, place } = await withStateSource(environment, terminal, async (source) => ({
        state: await source.read(),
        place: source.place,
      }))
      if (given.json) terminal.print(JSON.stringify(state))
      else if (state.models.length > 0) for (const line of queueTable(state.models)) terminal.print(line)
      if (state.models.length === 0) terminal.warn(`no worker pool has announced a model to ${place} yet`)
    },
  })
}
