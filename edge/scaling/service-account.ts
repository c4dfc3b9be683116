import * as z from 'zod'
import type { Clock } from '../../shared/clock.ts'
import { clockSkewHint } from '../../shared/clock-skew.ts'
import { PUBLISH_TIMEOUT_MS } from './depth-destination.ts'

/** What is needed of the key file that Google gives out for a service account. */
export const serviceAccountKeySchema = z.object({
  project_id: z.string().min(1),
  client_email: z.string().min(1),
  private_key_id: z.string().optional(),
  private_key: z.string().regex(/^-----BEGIN PRIVATE KEY-----[\sA-Za-z0-9+/=]+-----END PRIVATE KEY-----\s*$/),
  token_uri: z.url({ protocol: /^https?$/ }),
})
export type ServiceAccountKey = z.infer<typeof serviceAccountKeySchema>

const SCOPE = 'https://www.googleapis.com/auth/monitoring.write'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** The longest that Google grants. */
const LIFETIME_SECONDS = 3_600
/** A token is not used that is over so soon. */
const MARGIN_MS = 300_000

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })
const refusalSchema = z.object({ error: z.string(), error_description: z.string().catch('') })

/** Gets access tokens with a service account's key (RFC 7523), and keeps one as long as it is good. */
export class ServiceAccount {
  readonly #key: ServiceAccountKey
  readonly #clock: Pick<Clock, 'now'>
  #token: { text: string; until: number } | undefined

  constructor(key: ServiceAccountKey, clock: Pick<Clock, 'now'>) {
    this.#key = key
    this.#clock = clock
  }

  /** Rejects with words that may be logged. */
  async token(): Promise<string> {
    if (this.#token && this.#clock.now() < this.#token.until) return this.#token.text
    const nowMs = this.#clock.now()
    const answer = await fetch(this.#key.token_uri, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: GRANT, assertion: await this.#assertion(nowMs) }),
      signal: AbortSignal.timeout(PUBLISH_TIMEOUT_MS),
    })
    const body: unknown = await answer.json().catch(() => undefined)
    const token = answer.ok ? tokenSchema.safeParse(body).data : undefined
    if (!token) throw new Error(`no access token: ${refusal(body)}${clockSkewHint(answer, nowMs)}`)
    this.#token = { text: token.access_token, until: nowMs + token.expires_in * 1000 - MARGIN_MS }
    return token.access_token
  }

  /** The token was refused: the next one is a new one. */
  forgetToken(): void {
    this.#token = undefined
  }

  async #assertion(nowMs: number): Promise<string> {
    const { client_email, private_key, private_key_id, token_uri } = this.#key
    const issued = Math.floor(nowMs / 1000)
    const header = { alg: 'RS256', typ: 'JWT', kid: private_key_id }
    const times = { iat: issued, exp: issued + LIFETIME_SECONDS }
    const claims = { iss: client_email, scope: SCOPE, aud: token_uri, ...times }
    const signed = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.')
    const key = await importKey(private_key)
    const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, utf8(signed))
    return `${signed}.${base64url(new Uint8Array(signature))}`
  }
}

/** Google's words: an error code, and an explanation that quotes neither key nor assertion. */
function refusal(body: unknown): string {
  const said = refusalSchema.safeParse(body).data
  return said
    ? `${said.error} ${said.error_description}`.trim().slice(0, 200)
    : 'the answer is none of Google'
}

function importKey(pem: string): Promise<CryptoKey> {
  const base64 = pem.replace(/-----[^-]*-----/g, '').replace(/\s/g, '')
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  return crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}

const utf8 = (text: string) => new TextEncoder().encode(text)

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
