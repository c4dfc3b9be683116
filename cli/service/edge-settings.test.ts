import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newApiKey } from '../../shared/api-key.ts'
import { UsageError } from '../user-error.ts'
import { readEdgeSettings } from './edge-settings.ts'

const { token } = newApiKey()

test('without settings, it is the service on this machine, without a key', async () => {
  expect(await readEdgeSettings({})).toEqual({ url: 'http://localhost:8787', apiKey: undefined })
})

test('an address has no slash at its end, and a key comes from the environment or a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-key-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'key')
  await writeFile(file, `${token}\n`)
  const settings = { url: 'https://example.com/edge', apiKey: token }
  const EDGEBATCH_URL = 'https://example.com/edge/'
  expect(await readEdgeSettings({ EDGEBATCH_URL, EDGEBATCH_API_KEY: token })).toEqual(settings)
  expect(await readEdgeSettings({ EDGEBATCH_URL, EDGEBATCH_API_KEY_FILE: file })).toEqual(settings)
})

test.each([
  ['an address that is none', { EDGEBATCH_URL: 'localhost:8787' }, /EDGEBATCH_URL: must be an http/],
  [
    'an address with a key',
    { EDGEBATCH_URL: `http://${token}@localhost` },
    /the key goes into EDGEBATCH_API_KEY/,
  ],
  [
    'what is no key',
    { EDGEBATCH_API_KEY: `${token} ` },
    /^EDGEBATCH_API_KEY is set, but not to an API key: what it gives has a space .*; a key looks like eb_ID_SECRET/,
  ],
  [
    'a file of something else',
    { EDGEBATCH_API_KEY_FILE: 'package.json' },
    /^EDGEBATCH_API_KEY_FILE is set, but not to an API key: .* does not begin with eb_/,
  ],
  [
    'a file that is not there',
    { EDGEBATCH_API_KEY_FILE: '/none' },
    /EDGEBATCH_API_KEY_FILE cannot be read: ENOENT/,
  ],
  ['two keys', { EDGEBATCH_API_KEY: token, EDGEBATCH_API_KEY_FILE: '/none' }, /exclude one another/],
])('%s is refused, without the key', async (_, environment, message) => {
  const reading = readEdgeSettings(environment)
  await expect(reading).rejects.toThrow(UsageError)
  await expect(reading).rejects.toThrow(message)
  await expect(reading).rejects.not.toThrow(token)
})
