import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Received } from './answering-server.ts'
import { type CloudEndpoint, cloudEndpoint } from './cloud-endpoint.ts'

/** How far Google lets a clock be off. */
const TOLERATED_SECONDS = 600
const LIFETIME_SECONDS = 3_600

export interface GoogleEndpoint extends CloudEndpoint {
  /** The key file of its service account. */
  key: Record<'project_id' | 'client_email' | 'private_key_id' | 'private_key' | 'token_uri', string>
  /** How many access tokens it has given. */
  tokens: () => number
  /** From now on these are good no more. */
  revokeTokens: () => void
}

export interface GoogleEndpointOptions {
  now?: () => number
  /** What it does with series that come with a good token; by default it takes them. */
  answer?: (body: unknown, response: ServerResponse) => void
}

/** Google's token server and Cloud Monitoring in one: checks the assertion against the account's key, and the token that it gave for it. */
export async function googleEndpoint({
  now = Date.now,
  answer,
}: GoogleEndpointOptions = {}): Promise<GoogleEndpoint> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = {
    ...{ project_id: 'our-project', client_email: 'edge@our-project.iam.test', private_key_id: 'key-1' },
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    token_uri: '',
  }
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  let tokens = 0
  let firstGood = 1
  const endpoint = await cloudEndpoint(now, (request, response) => {
    if (request.url === '/token') {
      const problem = assertionProblem(request, { ...key, publicPem }, now())
      if (problem) return json(response, 400, { error: 'invalid_grant', error_description: problem })
      return json(response, 200, { access_token: `token-${++tokens}`, expires_in: LIFETIME_SECONDS })
    }
    const number = Number(/^Bearer token-(\d+)$/.exec(request.headers.authorization ?? '')?.[1] ?? 0)
    if (number < firstGood || number > tokens)
      return json(response, 401, {
        error: { code: 401, status: 'UNAUTHENTICATED', message: 'no such token' },
      })
    if (request.url !== `/v3/projects/${key.project_id}/timeSeries` || request.method !== 'POST')
      return json(response, 404, { error: { code: 404, status: 'NOT_FOUND', message: request.url } })
    const body: unknown = JSON.parse(request.body.toString())
    return answer ? answer(body, response) : json(response, 200, {})
  })
  key.token_uri = `${endpoint.url}/token`
  return { ...endpoint, key, tokens: () => tokens, revokeTokens: () => (firstGood = tokens + 1) }
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function assertionProblem(
  { headers, body }: Received,
  account: { client_email: string; private_key_id: string; publicPem: string; token_uri: string },
  now: number,
): string | undefined {
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return 'not a form'
  const form = new URLSearchParams(body.toString())
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return 'wrong grant'
  const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
  const signed = Buffer.from(`${header}.${claims}`)
  const isSigned = verify(
    'RSA-SHA256',
    signed,
    createPublicKey(account.publicPem),
    Buffer.from(signature, 'base64url'),
  )
  if (!isSigned) return 'Invalid JWT Signature.'
  const { alg, kid } = decoded(header)
  const { iss, aud, scope, iat, exp } = decoded(claims)
  if (alg !== 'RS256' || kid !== account.private_key_id) return 'wrong key'
  if (iss !== account.client_email || aud !== account.token_uri) return 'not for us'
  if (scope !== 'https://www.googleapis.com/auth/monitoring.write') return 'wrong scope'
  const seconds = now / 1000
  const inTime = Number(iat) <= seconds + TOLERATED_SECONDS && Number(exp) >= seconds - TOLERATED_SECONDS
  if (!inTime || Number(exp) - Number(iat) > LIFETIME_SECONDS)
    return 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.'
  return undefined
}

function decoded(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}
