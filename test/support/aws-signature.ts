import { createHash, createHmac } from 'node:crypto'
import type { Received } from './answering-server.ts'

export interface AwsKeys {
  accessKeyId: string
  secretAccessKey: string
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex')
const hmac = (key: Buffer | string, data: string) => createHmac('sha256', key).update(data).digest()

/**
 * What AWS would object to in a request signed with version 4 of its signatures, or undefined: computed anew from what has arrived, by
 * its documentation. `scope`: `region/service`.
 */
export function signatureProblem(
  { method, url, headers, body }: Received,
  keys: AwsKeys,
  scope: string,
): string | undefined {
  const authorization =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
  const [, credential = '', names = '', signature] = authorization.exec(headers.authorization ?? '') ?? []
  const [keyId, day = '', ...rest] = credential.split('/')
  if (keyId !== keys.accessKeyId) return 'UnrecognizedClientException'
  if (rest.join('/') !== `${scope}/aws4_request`) return `the credential is for ${rest.join('/')}`
  const signed = names.split(';')
  for (const name of ['host', 'x-amz-date']) if (!signed.includes(name)) return `${name} is not signed`
  const { pathname, search } = new URL(url, 'http://localhost')
  const canonical = [
    ...[method, pathname, search.slice(1)],
    ...signed.map((name) => `${name}:${String(headers[name]).trim().replace(/\s+/g, ' ')}`),
    ...['', names, sha256(body)],
  ].join('\n')
  const date = String(headers['x-amz-date'])
  const text = ['AWS4-HMAC-SHA256', date, `${day}/${scope}/aws4_request`, sha256(canonical)].join('\n')
  const [region = '', service = ''] = scope.split('/')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    hmac,
    `AWS4${keys.secretAccessKey}`,
  )
  return hmac(key, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch'
}
