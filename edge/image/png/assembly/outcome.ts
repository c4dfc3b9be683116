/** What a step came to. Errors are negative; png-decoder.ts knows them by these numbers. */
export const GOES_ON: i32 = 0
export const NEEDS_INPUT: i32 = 1
export const ENDED: i32 = 2

export const DAMAGED: i32 = -1
export const TRUNCATED: i32 = -2
export const OUT_OF_MEMORY: i32 = -3
