/** A job that has lost its last attempt. It has failed for good; what is kept of it is enough to run the same again as another job. */
export interface DeadLetter {
  /** The job's. No other letter has it. */
  id: string
  model: string
  modelVersion: string
  /** A LossReason, unless a newer pool has written it. */
  reason: string
  /** Attempts that were lost. */
  attempts: number
  /** The pool that lost the last of them. */
  pool: string
  /** When, by Redis' clock, in ms. */
  at: number
  /** What its input takes in Redis; undefined once that has expired. */
  inputBytes: number | undefined
  /** Its place among the letters of its model. */
  entry: string
}

/** With all that its hash held when it died: see storedJobSchema. Empty if that cannot be read. */
export interface ReadDeadLetter extends DeadLetter {
  fields: Record<string, string>
}

/** Which letter is meant. */
export type DeadLetterName = Pick<DeadLetter, 'id' | 'entry'>

/**
 * `retried`: the letter is gone, and job `id` waits in its place. Else nothing was changed. `gone`: there is no such letter, as another call has
 * retried or dropped it. `input-expired`: there is nothing to run. `unreadable`: what is kept makes no job.
 */
export type RetriedLetter =
  | { outcome: 'retried'; id: string }
  | { outcome: 'gone' | 'input-expired' | 'unreadable' }

/** Which part of the list is wanted: the first letters of it, or those that come after one that was seen. */
export interface DeadLetterRange {
  limit: number
  after?: DeadLetterPlace | undefined
}

/** Where a letter stands among those of all models; those of one moment are in the order of their models. */
export type DeadLetterPlace = Pick<DeadLetter, 'entry' | 'model'>

export interface DeadLetterPage {
  letters: DeadLetter[]
  /** After which the next page begins; undefined where there is none. */
  next: DeadLetterPlace | undefined
}

/** Throw RedisUnreachableError or RedisReplyError, all of them; of what a script has not answered it may have done all or nothing. */
export interface DeadLetters {
  /** Those of a model, newest first; about a thousand at most. */
  list(model: string): Promise<DeadLetter[]>
  /** Those of several models, newest first, a part at a time. */
  page(models: readonly string[], range: DeadLetterRange): Promise<DeadLetterPage>
  read(id: string): Promise<ReadDeadLetter | undefined>
  /** Makes a new job of it, with a new id, to be run alone. */
  retry(letter: DeadLetterName): Promise<RetriedLetter>
  /** Deletes it and its input; false if it is gone. */
  drop(letter: DeadLetterName): Promise<boolean>
}
