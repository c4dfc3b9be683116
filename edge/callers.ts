import {
  type ApiKeyRecord,
  type ApiKeyStore,
  apiKeyDigest,
  type Caller,
  digestsEqual,
  KEY_FRESH_MS,
  parseApiKey,
  parseApiKeyRecord,
} from '../shared/api-key.ts'
import type { Clock } from '../shared/clock.ts'
import { ProblemError } from '../shared/errors.ts'

/** Ids of keys that are remembered, and as many of ids that are none. */
const MAX_REMEMBERED = 1_000

/** What Redis has answered. The answer is kept, not its promise: in a Worker one request may not wait for another's I/O. */
interface Looked {
  found: { record: ApiKeyRecord; stored: string } | undefined
  /** By this machine's clock, and by Redis', in ms. */
  at: number
  redisMs: number
}

/**
 * Tells by their API keys who asks. Keys are remembered for KEY_FRESH_MS, so that a busy one costs Redis little; so are ids that are none.
 * These have a memory of their own, in which whoever guesses displaces nobody who has a key.
 */
export class Callers {
  readonly #store: ApiKeyStore
  readonly #clock: Clock
  readonly #allowAnonymous: boolean
  readonly #keys = new Map<string, Looked>()
  readonly #strangers = new Map<string, Looked>()

  constructor(store: ApiKeyStore, clock: Clock, allowAnonymous: boolean) {
    this.#store = store
    this.#clock = clock
    this.#allowAnonymous = allowAnonymous
  }

  /**
   * `authorization`: the header, as it came. A key that is wrong is refused even where none is needed. Throws ProblemError
   * `unauthorized`, whose detail holds nothing of the header, and RedisUnreachableError or RedisReplyError: nobody is let in unchecked.
   */
  async identify(authorization: string | undefined): Promise<Caller> {
    if (authorization === undefined) {
      if (this.#allowAnonymous) return { kind: 'anonymous' }
      throw new ProblemError(
        'unauthorized',
        'Send "Authorization: Bearer <API key>". Whoever runs this service makes keys: npx edgebatch keys create',
      )
    }
    const token = bearerToken(authorization)
    const id = parseApiKey(token)?.id
    const looked = id === undefined ? undefined : await this.#look(id)
    const found = looked?.found
    // Compared before anything is said of the key: that it has expired is its holder's business alone.
    if (!found || !digestsEqual(await apiKeyDigest(token), found.record.sha256))
      throw new ProblemError('unauthorized', 'This is no API key of this service, or it has been revoked.')
    if (this.#hasExpired(found.record, looked))
      throw new ProblemError('unauthorized', 'This API key has expired.')
    return { kind: 'key', ...found }
  }

  /** To be called when Redis turns out to hold something else by now: the next request is held against that. */
  forget(id: string): void {
    this.#keys.delete(id)
  }

  async #look(id: string): Promise<Looked> {
    const known = this.#keys.get(id) ?? this.#strangers.get(id)
    if (known && this.#clock.now() - known.at < KEY_FRESH_MS) return known
    const at = this.#clock.now()
    const { stored, nowMs: redisMs } = await this.#store.find(id)
    const looked = { found: readable(id, stored), at, redisMs }
    this.#keys.delete(id)
    this.#strangers.delete(id)
    remember(looked.found ? this.#keys : this.#strangers, id, looked)
    return looked
  }

  /** By Redis' clock, from the moment of the look on: this machine's may be wrong. */
  #hasExpired({ expires_at }: ApiKeyRecord, { at, redisMs }: Looked): boolean {
    return expires_at !== null && Date.parse(expires_at) <= redisMs + this.#clock.now() - at
  }
}

/** What cannot be read, or was put under another's id, is no key. */
function readable(id: string, stored: string | undefined): Looked['found'] {
  const record = stored === undefined ? undefined : parseApiKeyRecord(stored)
  return stored !== undefined && record?.id === id ? { record, stored } : undefined
}

/** The one that was looked up longest ago makes room. */
function remember(memory: Map<string, Looked>, id: string, looked: Looked): void {
  const [oldest] = memory.keys()
  if (memory.size >= MAX_REMEMBERED && oldest !== undefined) memory.delete(oldest)
  memory.set(id, looked)
}

function bearerToken(authorization: string): string {
  const [, token] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
  if (token !== undefined) return token
  throw new ProblemError('unauthorized', 'The Authorization header must be "Bearer <API key>".')
}
