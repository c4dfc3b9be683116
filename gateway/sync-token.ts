/** Another process of the gateway gives others. */
const process = crypto.randomUUID().slice(0, 8)
let count = 0

/**
 * What Upstash's client takes from each answer and shows with its next request, so that a replica would know what it must have seen. Here there
 * are none; but the client takes an answer without a new one for one that changed nothing.
 */
export function nextSyncToken(): string {
  return `${process}-${(count++).toString(36)}`
}
