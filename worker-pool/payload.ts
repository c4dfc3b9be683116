import type { ClaimedJob } from '../shared/job-queue.ts'

type Payload = Pick<ClaimedJob, 'input' | 'payload'>

/** Bytes that a job's payload decodes to; undefined if it is missing, or cannot be what its encoding says. */
export function payloadLength({ input, payload }: Payload): number | undefined {
  if (!payload || !input) return undefined
  if (input.encoding === 'raw') return payload.length
  if (payload.length % 4 !== 0) return undefined
  const padding = payload.at(-1) !== EQUALS ? 0 : payload.at(-2) !== EQUALS ? 1 : 2
  return (payload.length / 4) * 3 - padding
}

const EQUALS = '='.charCodeAt(0)

/** Characters decoded at once; a multiple of 4. Strings over about 100 kB cost V8 eight times as much a character. */
const PIECE = 65_536

/** Decodes a payload to where it belongs. False if it does not fill the place exactly. */
export function payloadInto(place: Buffer, job: Payload): boolean {
  const { input, payload } = job
  if (!payload || payloadLength(job) !== place.length) return false
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  if (input?.encoding === 'raw') return bytes.copy(place) === place.length
  let filled = 0
  for (let at = 0; at < bytes.length; at += PIECE) {
    filled += place.write(bytes.toString('latin1', at, at + PIECE), filled, 'base64')
  }
  return filled === place.length
}
