import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { parseApiKey } from '../../shared/api-key.ts'
import { ConfigurationError, readConfiguration } from '../../shared/read-configuration.ts'
import type { Environment } from '../environment.ts'
import { reasonOf, UsageError } from '../user-error.ts'
import { wrongKeyForm } from './key-form.ts'

/** Where `edgebatch start` has it. */
const LOCAL_URL = 'http://localhost:8787'

const settingsSchema = z.object({
  EDGEBATCH_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .default(LOCAL_URL),
  /** Never a flag: other users of a machine see the flags of its processes. */
  EDGEBATCH_API_KEY: z.string().optional(),
  /** A file that holds nothing but the key. */
  EDGEBATCH_API_KEY_FILE: z.string().optional(),
})

export interface EdgeSettings {
  /** Without a slash at the end. */
  url: string
  apiKey: string | undefined
}

/** Throws UsageError, which never repeats a key. */
export async function readEdgeSettings(environment: Environment): Promise<EdgeSettings> {
  const { EDGEBATCH_URL, EDGEBATCH_API_KEY, EDGEBATCH_API_KEY_FILE } = settingsIn(environment)
  const { username, password, search, hash, href } = new URL(EDGEBATCH_URL)
  if (username || password || search || hash)
    throw new UsageError('EDGEBATCH_URL must be an address alone; the key goes into EDGEBATCH_API_KEY')
  if (EDGEBATCH_API_KEY !== undefined && EDGEBATCH_API_KEY_FILE !== undefined)
    throw new UsageError(
      'EDGEBATCH_API_KEY and EDGEBATCH_API_KEY_FILE exclude one another; unset one of them',
    )
  const key = EDGEBATCH_API_KEY ?? (EDGEBATCH_API_KEY_FILE && (await keyIn(EDGEBATCH_API_KEY_FILE)))
  if (key !== undefined && !parseApiKey(key)) {
    const place = EDGEBATCH_API_KEY === undefined ? 'EDGEBATCH_API_KEY_FILE' : 'EDGEBATCH_API_KEY'
    throw new UsageError(
      `${place} is set, but not to an API key: what it gives ${wrongKeyForm(key)}; a key looks like eb_ID_SECRET, as edgebatch keys create prints it`,
    )
  }
  return { url: href.replace(/\/+$/, ''), apiKey: key }
}

function settingsIn(environment: Environment): z.infer<typeof settingsSchema> {
  try {
    return readConfiguration(settingsSchema, environment)
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(error.message.replaceAll('\n', '; '))
    throw error
  }
}

async function keyIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`EDGEBATCH_API_KEY_FILE cannot be read: ${reasonOf(error)}`)
  })
  return text.trim()
}
