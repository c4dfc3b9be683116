/** How large a run is, and how long what it makes may live. All times in ms. */
export interface ChaosSettings {
  seed: number
  /** Calls that a caller wants a result of, each once. */
  requests: number
  pools: number
  edges: number
  gateways: number
  /** New requests a second, at most; fewer begin while too many are open. */
  perSecond: number
  /** Requests that are accepted and have not ended, at most. */
  open: number
  /** A fault begins after so many requests each, on average. */
  requestsPerFault: number
  /** Whole seconds, as the pools take it. */
  leaseMs: number
  /** No job that has so long may expire in a run. */
  deadlineMs: number
  /** Of the few requests that say `Cancel-After`; these may. */
  hurriedDeadlineMs: number
  resultTtlMs: number
  tombstoneMs: number
  cacheTtlMs: number
  /** No new requests after this. */
  submitWithinMs: number
  /** Keys whose time is over within this are waited for at the end; others are judged by their TTL. */
  waitForKeysMs: number
}

/** A full run: `npm run chaos`. */
export const FULL_RUN: Omit<ChaosSettings, 'seed'> = {
  requests: 10_000,
  pools: 4,
  edges: 2,
  gateways: 2,
  perSecond: 50,
  open: 200,
  requestsPerFault: 60,
  leaseMs: 2_000,
  deadlineMs: 120_000,
  hurriedDeadlineMs: 6_000,
  resultTtlMs: 120_000,
  tombstoneMs: 10_000,
  cacheTtlMs: 20_000,
  submitWithinMs: 30 * 60_000,
  waitForKeysMs: 60_000,
}

/** Each fault once: for `npm test`. */
export const SHORT_RUN: Omit<ChaosSettings, 'seed'> = {
  ...FULL_RUN,
  requests: 400,
  pools: 3,
  perSecond: 16,
  open: 80,
  requestsPerFault: 25,
  deadlineMs: 60_000,
  hurriedDeadlineMs: 5_000,
  resultTtlMs: 10_000,
  tombstoneMs: 2_000,
  submitWithinMs: 60_000,
  waitForKeysMs: 15_000,
}
