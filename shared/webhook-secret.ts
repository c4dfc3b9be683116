import * as z from 'zod'

const PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64
const NOT_A_SECRET = {
  error: `must be whsec_ and base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes, e.g. whsec_$(openssl rand -base64 32)`,
}

/** The deployment's own secret, in Standard Webhooks' form. Nothing is signed with it: secrets are derived from it. */
export const webhookMasterSecret = z.string().refine((text) => secretBytes(text) !== undefined, NOT_A_SECRET)

/**
 * What the webhooks of an owner's jobs are signed with: an API key's id, or '' for jobs made without one. `whsec_<base64 of 32 bytes>`.
 * Each owner has another, so that none can sign what another would believe. `master`: of `webhookMasterSecret`.
 */
export async function callerWebhookSecret(master: string, owner: string): Promise<string> {
  const bytes = secretBytes(master)
  if (!bytes) throw new TypeError(`the master secret ${NOT_A_SECRET.error}`)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])
  const derived = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`webhook:${owner}`))
  return PREFIX + btoa(String.fromCharCode(...new Uint8Array(derived)))
}

function secretBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  const base64 = text.slice(PREFIX.length)
  if (!text.startsWith(PREFIX) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0)
    return undefined
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES ? bytes : undefined
}
