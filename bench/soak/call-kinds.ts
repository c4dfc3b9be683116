import type { Mix } from './arrivals.ts'

/** What a client does:
 *
 * | kind       |                                                                             |
 * |------------|-----------------------------------------------------------------------------|
 * | `waited`   | sends a photo and waits for the answer                                      |
 * | `polled`   | does not wait, and asks again whenever Retry-After says so                  |
 * | `events`   | follows the job by server-sent events                                       |
 * | `batch`    | sends several photos in one call and waits                                  |
 * | `bad`      | sends half a photo, or something that is none                               |
 * | `canceled` | does not wait, and cancels at once                                          |
 * | `repeated` | sends the same call twice at once, by its Idempotency-Key, and once again   |
 * | `keyed`    | `waited` with an API key that has a rate                                    |
 */
export const CALL_KINDS = [
  'waited',
  'polled',
  'events',
  'batch',
  'bad',
  'canceled',
  'repeated',
  'keyed',
] as const
export type CallKind = (typeof CALL_KINDS)[number]

export const STEADY_MIX: Mix = {
  ...{ waited: 45, polled: 15, events: 10, batch: 8 },
  ...{ bad: 5, canceled: 5, repeated: 5, keyed: 7 },
}

export const OVERLOAD_MIX: Mix = { waited: 70, polled: 20, keyed: 10 }
