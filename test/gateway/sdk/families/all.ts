import { bits } from './bits.ts'
import { geo } from './geo.ts'
import { hashes } from './hashes.ts'
import { keys } from './keys.ts'
import { lists } from './lists.ts'
import { scripts } from './scripts.ts'
import { sets } from './sets.ts'
import { sortedSets } from './sorted-sets.ts'
import { streams } from './streams.ts'
import { strings } from './strings.ts'

export const FAMILIES = [strings, keys, hashes, lists, sets, sortedSets, streams, scripts, geo, bits]
