import { asJson, asTable, exitCodeOf } from '../../worker-pool/machine/doctor/check.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import { printableLine } from '../printable.ts'
import type { Terminal } from '../terminal.ts'
import { examine } from './examine.ts'
import { machineChecks } from './machine-checks.ts'

const args = {
  machine: {
    type: 'boolean',
    description: 'Also what this machine lacks to run a worker pool: GPU, libraries, models',
  },
  json: { type: 'boolean', description: 'As JSON, for programs' },
} as const

export function doctorCommand(terminal: Terminal, environment: Environment, version: string) {
  return command({
    meta: { name: 'doctor', description: 'Check a whole deployment, and say how to mend what is found.' },
    args,
    details: [
      'Looks at what the environment names: Redis (REDIS_URL), the gateway or Upstash (UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN), and the edge (EDGEBATCH_URL, EDGEBATCH_API_KEY); with the key of an administrator, or Redis, at the pools, too. Nothing is changed.',
      'Ends with 1 if something is missing that is needed; warnings alone end with 0. --machine takes the environment of a pool, and is what npm run doctor says.',
    ],
    examples: [
      { does: 'what edgebatch start has started', line: 'edgebatch doctor' },
      {
        does: 'a deployment, with all that there is to know',
        line: 'EDGEBATCH_URL=https://edge.example.com EDGEBATCH_API_KEY=$KEY REDIS_URL=$REDIS_URL edgebatch doctor',
      },
    ],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 0)
      const deployment = await examine(environment, terminal, version)
      const names = new Set(deployment.map(({ name }) => name))
      const machine = given.machine ? await machineChecks(environment, terminal.stopped) : []
      // Redis was looked at already.
      const checks = [...deployment, ...machine.filter(({ name }) => !names.has(name))].map((check) => ({
        ...check,
        found: printableLine(check.found),
      }))
      terminal.print((given.json ? asJson(checks) : asTable(checks)).trimEnd())
      return exitCodeOf(checks)
    },
  })
}
