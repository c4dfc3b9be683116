import { apiKeyIdSchema, KEY_FRESH_MS, parseApiKey } from '../../shared/api-key.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError, UserError } from '../user-error.ts'
import { withKeys } from './key-registry.ts'

const args = {
  id: { type: 'positional', description: "The key's id, or the key itself", required: false },
} as const

export function revokeCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'revoke', description: 'End an API key. What it has sent is still worked on.' },
    args,
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 1)
      if (!given.id)
        throw new UsageError('which key? As in: edgebatch keys revoke ID; edgebatch keys list shows the ids')
      // Of a key that has leaked, the whole is what one has. Neither that nor a part of it is repeated.
      const id = parseApiKey(given.id)?.id ?? given.id
      if (!apiKeyIdSchema.safeParse(id).success)
        throw new UsageError('that is no id of a key; edgebatch keys list shows the ids')
      await withKeys(environment, terminal, async (keys) => {
        if (!(await keys.remove(id)))
          throw new UserError(`there is no key ${id} in ${keys.place}; edgebatch keys list shows the ids`)
        terminal.warn(
          `key ${id} is gone from ${keys.place}; within ${KEY_FRESH_MS / 1000} s no edge takes it any more`,
        )
      })
    },
  })
}
