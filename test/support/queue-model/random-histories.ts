import * as fc from 'fast-check'
import type { Events } from './event.ts'
import * as callers from './events/caller-events.ts'
import * as misfortunes from './events/misfortunes.ts'
import * as pools from './events/pool-events.ts'

const weighed = (weight: number, arbitrary: Events) => ({ weight, arbitrary })

/** All that may come to pass, and how often. */
const EVENTS = fc.oneof(
  weighed(40, callers.submission),
  weighed(6, callers.submissionAgain),
  weighed(10, callers.cancelation),
  weighed(2, callers.reading),
  weighed(24, pools.taking),
  weighed(30, pools.claiming),
  weighed(30, pools.claimingAlone),
  weighed(24, pools.settling),
  weighed(8, pools.settlingAgain),
  weighed(3, pools.serving),
  weighed(10, pools.releasing),
  weighed(14, pools.retrying),
  weighed(5, pools.renewing),
  weighed(30, pools.takingOver),
  weighed(4, misfortunes.crashing),
  weighed(26, misfortunes.lapsing),
  weighed(12, misfortunes.passing),
  weighed(3, misfortunes.growingOld),
  weighed(2, misfortunes.losingInput),
  weighed(2, misfortunes.losingHash),
  weighed(1, misfortunes.losingQueue),
  weighed(1, misfortunes.losingAll),
)

const MOST_EVENTS = 100

export function randomHistories(replayPath: string | undefined) {
  return fc.commands([EVENTS], {
    ...{ maxCommands: MOST_EVENTS, size: 'max' },
    ...(replayPath !== undefined && { replayPath }),
  })
}
