import type { ApiKeyRecord } from '../../shared/api-key.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { withKeys } from './key-registry.ts'
import { keyTable } from './key-table.ts'

const args = { json: { type: 'boolean', description: 'As JSON, for programs' } } as const

export function listCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'list', description: 'List the API keys and what each may do.' },
    args,
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 0)
      const { all, place } = await withKeys(environment, terminal, async (keys) => ({
        all: await keys.all(),
        place: keys.place,
      }))
      const readable = [...all.values()]
        .filter((record) => record !== undefined)
        .toSorted((a, b) => a.created_at.localeCompare(b.created_at))
      if (given.json) terminal.print(JSON.stringify(readable.map(withoutDigest)))
      else if (readable.length > 0) for (const line of keyTable(readable, new Date())) terminal.print(line)
      if (all.size === 0) terminal.warn(`there are no keys in ${place}; edgebatch keys create makes one`)
      for (const [id, record] of all)
        if (!record)
          terminal.warn(`the record of ${id} cannot be read; no edge of this version takes that key`)
    },
  })
}

function withoutDigest({ sha256, ...shown }: ApiKeyRecord): Omit<ApiKeyRecord, 'sha256'> {
  return shown
}
