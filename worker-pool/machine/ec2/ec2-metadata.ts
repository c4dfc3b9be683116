import { type MetadataReply, requestMetadata } from '../metadata-request.ts'

/** The longest that EC2 gives. */
const TOKEN_TTL_SECONDS = 21_600

/** EC2's metadata server, version 2: with a token, of which one does for hours. */
export class Ec2Metadata {
  readonly #baseUrl: string
  #token: string | undefined

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl
  }

  /** Whether this machine is EC2's. Never rejects. */
  async isHere(signal: AbortSignal): Promise<boolean> {
    return this.#fetchToken(signal).then(
      () => true,
      () => false,
    )
  }

  /** What stands at `path` (under `/latest/meta-data/`); undefined if nothing does. Rejects where the server does not say. */
  async read(path: string, signal: AbortSignal): Promise<string | undefined> {
    let reply = await this.#ask(path, signal)
    if (reply.status === 401) {
      // The token is over, or the machine was moved.
      this.#token = undefined
      reply = await this.#ask(path, signal)
    }
    if (reply.status === 404) return undefined
    if (reply.status !== 200) throw new Error(`the metadata server answers ${reply.status}`)
    return reply.text
  }

  async #ask(path: string, signal: AbortSignal): Promise<MetadataReply> {
    const token = this.#token ?? (await this.#fetchToken(signal))
    const url = new URL(`/latest/meta-data/${path}`, this.#baseUrl)
    return requestMetadata(url, { headers: { 'X-aws-ec2-metadata-token': token } }, signal)
  }

  async #fetchToken(signal: AbortSignal): Promise<string> {
    const url = new URL('/latest/api/token', this.#baseUrl)
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS) }
    const reply = await requestMetadata(url, { method: 'PUT', headers }, signal)
    if (reply.status !== 200) throw new Error(`the metadata server answers ${reply.status} for a token`)
    this.#token = reply.text
    return reply.text
  }
}

/** Whether this machine's auto-scaling group is about to terminate it: to scale in, to replace it, or since it is spot. */
export async function isTerminating(metadata: Ec2Metadata, signal: AbortSignal): Promise<boolean> {
  const state = await metadata.read('autoscaling/target-lifecycle-state', signal)
  return state?.trim() === 'Terminated'
}
