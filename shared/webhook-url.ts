import { ProblemError } from './errors.ts'

const MAX_LENGTH = 2_048
/** Below this, ports other than the web's own belong to protocols that a POST could be mistaken for. */
const FIRST_FREE_PORT = 1_024
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa|onion)$/
/** As the URL parser writes them, whatever form they were given in (decimal, hex, octal). */
const IP_LITERAL = /^(\[.*\]|\d+\.\d+\.\d+\.\d+)$/

export interface WebhookUrlRules {
  /** Receivers inside the deployment's own network are wanted: http, private names and IP addresses, any port. */
  allowPrivate: boolean
}

/**
 * What can be said of a webhook's address without asking DNS; what its name resolves to is looked at when it is sent.
 * Throws ProblemError 'invalid-request', which says what is wrong and does not quote the address: it may hold a secret.
 */
export function parseWebhookUrl(text: string, { allowPrivate }: WebhookUrlRules): URL {
  if (text.length > MAX_LENGTH) throw refused(`longer than ${MAX_LENGTH} characters`)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw refused('not an absolute URL')
  if (url.username !== '' || url.password !== '') throw refused('one with a user name or password')
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:'))
    throw refused(allowPrivate ? 'neither https:// nor http://' : 'not https://')
  const wrong = allowPrivate ? undefined : wrongWithHost(url)
  if (wrong !== undefined) throw refused(wrong)
  return url
}

function wrongWithHost({ hostname, port }: URL): string | undefined {
  const name = hostname.replace(/\.$/, '')
  if (IP_LITERAL.test(name)) return 'an IP address; use a host name'
  if (!name.includes('.') || PRIVATE_NAME.test(name)) return 'a name of a private network'
  if (port !== '' && port !== '80' && Number(port) < FIRST_FREE_PORT)
    return `at a port other than 80, 443 and those from ${FIRST_FREE_PORT} on`
  return undefined
}

function refused(what: string): ProblemError {
  return new ProblemError('invalid-request', `The webhook's URL is ${what}.`)
}
