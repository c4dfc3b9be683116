import type { Clock } from '../shared/clock.ts'
import { ProblemError } from '../shared/errors.ts'
import { type BodyLimits, BodyReader } from './body-reader.ts'
import { UploadGate } from './upload-gate.ts'
import { UploadPace } from './upload-pace.ts'

export interface UploadLimits extends BodyLimits {
  /** Uploads that are decoded and enqueued at the same time. */
  places: number
  /** How long an upload may wait for its turn to be read, and again to be decoded. */
  maxWaitMs: number
}

/** Bodies that are read at the same time, and how long a slow one keeps the next from being read. */
const READING_PLACES = 16
const READING_PLACE_MS = 1_000

/** Longer than decoding and one call to Redis take, but for what is large. */
const WORKING_PLACE_MS = 10_000

/**
 * What is larger goes to Redis few at a time: on its way it is in memory as a body, in base64, and that twice more as the
 * request: 37 MB for 7 MiB.
 */
const LARGE_BYTES = 1024 * 1024
const SENDING_PLACES = 2
const SENDING_PLACE_MS = 15_000

/**
 * How an isolate takes in uploads, so that a burst costs callers time and not the isolate its memory: bodies wait unread
 * until it is their turn, slow ones let others pass, what has arrived is decoded few at a time, and what is large is sent on fewer still.
 */
export class Uploads {
  readonly #bodies: BodyReader
  readonly #reading: UploadGate
  readonly #working: UploadGate
  readonly #sending: UploadGate
  readonly #pace: UploadPace

  constructor(limits: UploadLimits, clock: Clock, random: () => number) {
    const { places, maxWaitMs } = limits
    this.#bodies = new BodyReader(limits, clock)
    this.#pace = new UploadPace(clock)
    this.#reading = new UploadGate(
      { places: READING_PLACES, placeMs: READING_PLACE_MS, maxWaitMs },
      clock,
      random,
    )
    this.#working = new UploadGate({ places, placeMs: WORKING_PLACE_MS, maxWaitMs }, clock, random)
    this.#sending = new UploadGate(
      { places: SENDING_PLACES, placeMs: SENDING_PLACE_MS, maxWaitMs },
      clock,
      random,
    )
  }

  /** Reads a request's body and works on it. Throws ProblemError if it is too large or too slow, or too many others are at it. */
  async withBody<T>(request: Request, work: (body: Uint8Array<ArrayBuffer>) => Promise<T>): Promise<T> {
    const held = this.#bodies.hold()
    try {
      const body = await this.#reading.pass(() => this.#bodies.read(request, held))
      return await this.#working.pass(() => work(body).finally(() => this.#pace.done()))
    } catch (error) {
      throw error instanceof ProblemError && error.code === 'edge-busy' ? this.#pace.refused(error) : error
    } finally {
      this.#bodies.release(held)
    }
  }

  /** Sends on what became of a body, when it is its turn. Throws ProblemError if too many others are at it. */
  async sending<T>(bytes: number, send: () => Promise<T>): Promise<T> {
    return bytes > LARGE_BYTES ? this.#sending.pass(send) : send()
  }
}
