import { apiKeyDigest, newApiKey } from '../../shared/api-key.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { keyArgs, parseKeyFlags } from './key-flags.ts'
import { withKeys } from './key-registry.ts'

export function createCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'create', description: 'Make an API key and print it: it is shown this once.' },
    examples: [
      {
        does: '100 jobs a minute, of one model',
        line: 'edgebatch keys create --name camera --models resnet50 --rate 100/60s',
      },
      {
        does: 'for edgebatch queue, top and doctor',
        line: 'edgebatch keys create --name operator --admin --expires 90d',
      },
    ],
    args: keyArgs,
    run: async ({ args: given }) => {
      refuseUnknown(given, keyArgs, 0)
      const permissions = parseKeyFlags(given, new Date())
      const { id, token } = newApiKey()
      const sha256 = await apiKeyDigest(token)
      const place = await withKeys(environment, terminal, async (keys) => {
        await keys.add({ id, sha256, ...permissions })
        return keys.place
      })
      terminal.print(token)
      terminal.warn(
        `key ${id} is in ${place}, which does not hold its secret: keep what is printed, it is not shown again`,
      )
    },
  })
}
