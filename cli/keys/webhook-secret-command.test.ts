import { runCommand } from 'citty'
import { expect, test } from 'vitest'
import { callerWebhookSecret } from '../../shared/webhook-secret.ts'
import type { Terminal } from '../terminal.ts'
import { webhookSecretCommand } from './webhook-secret-command.ts'

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const ID = 'AbCdEf012345'

/** What the command prints. */
async function printed(rawArgs: string[], environment: Record<string, string> = { WEBHOOK_SECRET }) {
  const lines: string[] = []
  const terminal: Terminal = {
    print: (line) => void lines.push(line),
    warn: () => {},
    startProgress: () => ({ update: () => {}, stop: () => {} }),
    stopped: new AbortController().signal,
  }
  await runCommand(webhookSecretCommand(terminal, environment), { rawArgs })
  return lines
}

test('prints what pools sign with', async () => {
  expect(await printed([ID])).toEqual([await callerWebhookSecret(WEBHOOK_SECRET, ID)])
  expect(await printed([`eb_${ID}_${'a'.repeat(43)}`])).toEqual(await printed([ID]))
  expect(await printed(['--anonymous'])).toEqual([await callerWebhookSecret(WEBHOOK_SECRET, '')])
})

test('says what is missing, and repeats nothing of it', async () => {
  await expect(printed([])).rejects.toThrow('which key?')
  await expect(printed(['eb_secret'])).rejects.toThrow('that is no id of a key')
  await expect(printed([ID], {})).rejects.toThrow('WEBHOOK_SECRET is not set')
  await expect(printed([ID], { WEBHOOK_SECRET: 'mine' })).rejects.toThrow(/^WEBHOOK_SECRET: must be whsec_/)
})
