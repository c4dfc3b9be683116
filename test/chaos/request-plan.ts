import type { ChaosSettings } from './settings.ts'

/** Red, green and blue of an image of one colour: what its job must answer. */
export type Colour = readonly [number, number, number]

/** What one caller does. All of it is drawn before the run begins. */
export interface RequestPlan {
  number: number
  /** Before it, ms: most come in bursts. */
  pauseMs: number
  colour: Colour
  /** Without one, a call that got no answer is not made again. */
  idempotencyKey: string | undefined
  priority: 'normal' | 'low'
  /** Of its own, with `Cancel-After`; a job with the usual one must not expire. */
  hurried: boolean
  /** `Cache-Control: no-store` */
  noStore: boolean
  /** 0: `respond-async` */
  waitSeconds: number
  /** The same call at the same time, so many times. */
  beside: number
  /** The same call again, so long after it was accepted, ms. */
  again: number[]
  /** When its job is canceled, ms after it was accepted. */
  cancelAfterMs: number | undefined
  /** Its end is to be told on its channel. */
  watched: boolean
  /** The job is looked at again so long after its end was told, ms. */
  lookAgainMs: number[]
  /** The edge that is called first; each next call goes to the next. */
  edge: number
}

/** Requests that come at once, on average. */
const BURST = 40
/** Of so many requests one after another, those with a common image share so many. So jobs join others, or hit the cache. */
const COMMON_FOR = 48
const COMMON_COLOURS = 3

/** Within this, calls are made again, and jobs looked at again. */
const LATER_MS = 8_000

export function planRequests(settings: ChaosSettings, random: (below: number) => number): RequestPlan[] {
  return Array.from({ length: settings.requests }, (_, number) => planRequest(number, settings, random))
}

function planRequest(
  number: number,
  settings: ChaosSettings,
  random: (below: number) => number,
): RequestPlan {
  const oneIn = (count: number) => random(count) === 0
  const common = COMMON_COLOURS * Math.floor(number / COMMON_FOR) + random(COMMON_COLOURS)
  const keyed = !oneIn(8)
  const canceled = oneIn(12)
  return {
    number,
    pauseMs: oneIn(BURST) ? (BURST * 1000) / settings.perSecond : 0,
    colour: colourOf(oneIn(5) ? settings.requests + common : number),
    idempotencyKey: keyed ? `chaos-${settings.seed}-${number}` : undefined,
    priority: oneIn(4) ? 'low' : 'normal',
    hurried: oneIn(25),
    noStore: oneIn(8),
    waitSeconds: canceled || oneIn(2) ? 0 : 1 + random(3),
    beside: keyed && oneIn(4) ? 1 + random(2) : 0,
    again: keyed && oneIn(4) ? [random(LATER_MS)] : [],
    cancelAfterMs: canceled ? random(2) * random(300) : undefined,
    watched: oneIn(2),
    lookAgainMs: oneIn(3) ? [random(LATER_MS)] : [],
    edge: random(settings.edges),
  }
}

/** Another colour for each number below 2^24: a multiplication by an odd number, modulo 2^24, swaps them about. */
export function colourOf(number: number): Colour {
  const mixed = Math.imul(number + 1, 0x9e3779b1) & 0xff_ff_ff
  return [mixed >> 16, (mixed >> 8) & 0xff, mixed & 0xff]
}
