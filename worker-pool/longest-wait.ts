/**
 * How long one wait for jobs lasts, in ms. For new ones an idle pool asks Redis once in this time, which matters where
 * commands are billed: 30 s is 88 thousand a month.
 */
export const LONGEST_WAIT_MS = 30_000
