import type { PublicModel } from '../../shared/public-models.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import { withEdge } from '../service/with-edge.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'

const args = { json: { type: 'boolean', description: 'As JSON, for programs' } } as const

const HEADINGS = ['MODEL', 'VERSION', 'TASK', 'INPUT', 'TYPES', 'POOLS', 'LICENCE']

export function listModelsCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: {
      name: 'list',
      description: 'List the models and versions that the service runs for this API key.',
    },
    args,
    details: [
      'A star marks the model that callers get who name none, and of each model the version. Where no model has one, callers must name it. Jobs are taken for a version without pools, too, and wait for one.',
    ],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 0)
      const { models, host } = await withEdge(environment, terminal, async ({ brisk, host }) => ({
        models: await brisk.models({ signal: terminal.stopped }),
        host,
      }))
      if (given.json) terminal.print(JSON.stringify(models))
      else if (models.length > 0) for (const line of modelTable(models)) terminal.print(line)
      if (models.length === 0)
        terminal.warn(`${host} has no models for this key; a worker pool that starts brings its own`)
    },
  })
}

/** A line a version. */
export function modelTable(models: readonly PublicModel[]): string[] {
  const rows = models.flatMap(({ name, default: isDefault, versions }) =>
    versions.map((version) => [
      ...[`${name}${isDefault ? '*' : ''}`, `${version.version}${version.default ? '*' : ''}`, version.task],
      version.input.shape.slice(0, 2).join('x'),
      version.image_types.join(','),
      version.live ? String(version.pools.count) : 'none',
      version.license ?? '-',
    ]),
  )
  return table([HEADINGS, ...rows])
}
