/** How long what belongs to a job stays in Redis, beside what settings say. Milliseconds. */

/** The hash of a job stays so long after its result's TTL, so that who asks learns that there was one. */
export const TOMBSTONE_MS = 600_000

/**
 * A job may be joined for so long after it was accepted, and by jobs that may take so much longer than it, at most: what happens to
 * it happens to them.
 */
export const JOIN_WITHIN_MS = 30_000

/** The list of its followers outlives a job's deadline by this. */
export const FOLLOWERS_KEPT_MS = 2 * JOIN_WITHIN_MS

/** The webhooks' set is kept for so long after the last one was due: pools may be scaled to zero. */
export const WEBHOOKS_KEPT_MS = 86_400_000

/** Dead letters and their inputs are kept for so long after the last one came. */
export const DEAD_LETTERS_KEPT_MS = 86_400_000
/** So many dead letters of a model are kept, and as many inputs: 200 MB where each is a tensor of 200 kB. */
export const MAX_DEAD_LETTERS = 1_000

/** A queue that exists only because a pool joined it; jobs that arrive prolong it. The pool joins again if need be. */
export const EMPTY_QUEUE_TTL_MS = 3_600_000
