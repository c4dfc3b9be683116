import * as z from 'zod'
import { apiKeyIdSchema, parseApiKey } from '../../shared/api-key.ts'
import { ConfigurationError, readConfiguration } from '../../shared/read-configuration.ts'
import { callerWebhookSecret, webhookMasterSecret } from '../../shared/webhook-secret.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'

const args = {
  id: { type: 'positional', description: "The key's id, or the key itself", required: false },
  anonymous: { type: 'boolean', description: 'The secret of jobs that are sent without a key' },
} as const

const settingsSchema = z.object({
  /** As the pools have it. */
  WEBHOOK_SECRET: webhookMasterSecret,
})

export function webhookSecretCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'webhook-secret', description: "Print what the webhooks of a key's jobs are signed with." },
    args,
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 1)
      const owner = given.anonymous ? '' : ownerOf(given.id)
      terminal.print(await callerWebhookSecret(masterSecretIn(environment), owner))
    },
  })
}

function ownerOf(given: string | undefined): string {
  if (!given)
    throw new UsageError(
      'which key? As in: edgebatch keys webhook-secret ID; edgebatch keys list shows the ids',
    )
  const id = parseApiKey(given)?.id ?? given
  if (apiKeyIdSchema.safeParse(id).success) return id
  throw new UsageError('that is no id of a key; edgebatch keys list shows the ids')
}

function masterSecretIn(environment: Environment): string {
  try {
    return readConfiguration(settingsSchema, environment).WEBHOOK_SECRET
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    throw new UsageError(`${error.message}: it must be set as it is for the pools`)
  }
}
