import * as z from 'zod'
import { modelNameSchema } from './model-manifest.ts'
import { type Priority, prioritySchema } from './priority.ts'
import { sha256Hex } from './sha256.ts'

/**
 * An API key is `eb_<id>_<secret>`. The id, 12 letters and digits, is no secret: it stands in logs and lists, and finds the record in
 * Redis. The secret is 32 random bytes in base64url; only the SHA-256 of the whole token is stored. That needs no salt and no slow
 * hash, since nobody can go through 256 random bits.
 */
const ID_LENGTH = 12
const SECRET_BYTES = 32
const tokenPattern = /^eb_([A-Za-z0-9]{12})_([A-Za-z0-9_-]{43})$/

export const apiKeyIdSchema = z.string().regex(/^[A-Za-z0-9]{12}$/, {
  error: 'an API key has an id of 12 letters and digits',
})

/** How long an edge goes on by what it knows of a key: as long it may take until a change, or a revocation, is seen everywhere. */
export const KEY_FRESH_MS = 10_000

/** A new key. `token` is to be shown once and never stored. */
export function newApiKey(): { id: string; token: string } {
  const id = randomId()
  return { id, token: `eb_${id}_${base64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))}` }
}

/** Undefined if it does not have the form of a key. */
export function parseApiKey(token: string): { id: string; secret: string } | undefined {
  const [, id, secret] = tokenPattern.exec(token) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** What is stored of a token: its SHA-256, in hex. */
export function apiKeyDigest(token: string): Promise<string> {
  return sha256Hex(token)
}

/** Takes as long wherever two digests of the same length differ. */
export function digestsEqual(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}

/**
 * What Redis holds of a key, as JSON. Strict, so that a record with a restriction that this code does not know is refused, not
 * served without it.
 */
export const apiKeyRecordSchema = z.strictObject({
  id: apiKeyIdSchema,
  /** For people. */
  name: z
    .string()
    .regex(/^\P{Cc}{0,100}$/u, { error: 'a name has 100 characters at most, and no control characters' }),
  /** `apiKeyDigest` of the token. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Names of the models that it may use; null: all. */
  models: z.array(modelNameSchema).nullable(),
  priorities: z.array(prioritySchema).default(['normal', 'low']),
  /** `limit` jobs at once, and as many again spread evenly over each `window_seconds`; null: no limit. */
  rate: z
    .object({ limit: z.int().min(1).max(1_000_000), window_seconds: z.int().min(1).max(86_400) })
    .nullable(),
  /** Sees the jobs of all. */
  admin: z.boolean(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
})
export type ApiKeyRecord = z.infer<typeof apiKeyRecordSchema>

/** Undefined if it is no record, or one of a form that this code does not know. */
export function parseApiKeyRecord(stored: string): ApiKeyRecord | undefined {
  try {
    return apiKeyRecordSchema.safeParse(JSON.parse(stored)).data
  } catch {
    return undefined
  }
}

/** Where edges look keys up. */
export interface ApiKeyStore {
  /**
   * A key's record as Redis holds it, or undefined if there is no such key, and Redis' time, in ms. Throws RedisUnreachableError or
   * RedisReplyError.
   */
  find(id: string): Promise<{ stored: string | undefined; nowMs: number }>
}

/**
 * Who asks. `stored`: the record exactly as Redis holds it, so that a script can see whether it has changed since it was read.
 */
export type Caller = { kind: 'anonymous' } | { kind: 'key'; record: ApiKeyRecord; stored: string }

const ANONYMOUS_PRIORITIES: readonly Priority[] = ['normal', 'low']

/** What a job says of who sent it: the key's id, or nothing. */
export function ownerOf(caller: Caller): string {
  return caller.kind === 'key' ? caller.record.id : ''
}

/** A job without an owner may be seen by whoever holds its id, which nobody can guess. */
export function maySeeJob(caller: Caller, owner: string): boolean {
  return owner === '' || owner === ownerOf(caller) || (caller.kind === 'key' && caller.record.admin)
}

export function mayUseModel(caller: Caller, name: string): boolean {
  return caller.kind === 'anonymous' || (caller.record.models?.includes(name) ?? true)
}

export function mayUsePriority(caller: Caller, priority: Priority): boolean {
  return (caller.kind === 'key' ? caller.record.priorities : ANONYMOUS_PRIORITIES).includes(priority)
}

/** 62 letters and digits: of base64url, all but two. */
function randomId(): string {
  let id = ''
  while (id.length < ID_LENGTH)
    id += base64url(crypto.getRandomValues(new Uint8Array(ID_LENGTH))).replace(/[-_]/g, '')
  return id.slice(0, ID_LENGTH)
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
