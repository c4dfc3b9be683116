const MINUTE = 60
const HOUR = 3_600

/** What a simulation replays. */
export interface LoadCurve {
  name: string
  hours: number
  /** Jobs a second at that second, in machines' worth: 1 keeps one machine busy all the time. */
  load: (second: number) => number
  /** A job every so many seconds besides, whatever a machine can do: where that is what counts. */
  jobEverySeconds?: number
  /** The cloud takes machines back: at that second, so large a share of them. */
  interruptions?: readonly { second: number; share: number }[]
  /** While the cloud has none to give. */
  drought?: { from: number; to: number }
}

/** From 0 at three in the morning to 1 at three in the afternoon. */
const daylight = (second: number) => (1 - Math.cos((2 * Math.PI * (second / HOUR - 3)) / 24)) / 2

const BURSTS = [1, 2.5, 4, 5.5].map((hour) => hour * HOUR)
const BURST_SECONDS = 10 * MINUTE

export const LOAD_CURVES: readonly LoadCurve[] = [
  { name: 'steady', hours: 8, load: () => 1.5 },
  {
    name: 'day',
    hours: 24,
    // Nothing at night: below a twentieth of the peak nobody comes.
    load: (second) => (daylight(second) < 0.05 ? 0 : 2.6 * daylight(second)),
  },
  {
    name: 'bursts',
    hours: 7,
    load: (second) =>
      0.3 + (BURSTS.some((from) => second >= from && second < from + BURST_SECONDS) ? 2.4 : 0),
  },
  { name: 'sparse', hours: 48, load: () => 0, jobEverySeconds: 2_400 },
  {
    name: 'spot storm',
    hours: 8,
    load: () => 1.9,
    interruptions: [3, 3.1, 3.2, 5].map((hour) => ({ second: hour * HOUR, share: hour === 3 ? 1 : 0.5 })),
    drought: { from: 3 * HOUR, to: 3 * HOUR + 10 * MINUTE },
  },
]
