import type { ChaosSettings } from './settings.ts'

/** What goes wrong, and at which request it begins. Times in ms. Pools, gateways, edges and ways by their place from 0. */
export type Fault = { at: number } & (
  | { kind: 'kill-pool'; pool: number; downMs: number }
  | { kind: 'stall-pool'; pool: number; ms: number }
  | { kind: 'replace-pool'; pool: number; downMs: number }
  | { kind: 'restart-gateway'; gateway: number; kill: boolean; downMs: number }
  | { kind: 'restart-edge'; edge: number; kill: boolean; downMs: number }
  | { kind: 'restart-redis'; downMs: number }
  | { kind: 'fill-redis'; ms: number }
  | { kind: 'cut-way'; way: number }
  | { kind: 'lose-answers'; way: number; ms: number }
  | { kind: 'slow-way'; way: number; delayMs: number; ms: number }
)
export type FaultKind = Fault['kind']

/** How often each comes, compared with the others. */
const SHARES: Readonly<Record<FaultKind, number>> = {
  'kill-pool': 5,
  'stall-pool': 3,
  'replace-pool': 1,
  'restart-gateway': 2,
  'restart-edge': 1,
  'restart-redis': 1,
  'fill-redis': 1,
  'cut-way': 3,
  'lose-answers': 3,
  'slow-way': 2,
}
export const FAULT_KINDS = Object.keys(SHARES) as FaultKind[]
const LOTS = FAULT_KINDS.flatMap((kind) => Array<FaultKind>(SHARES[kind]).fill(kind))

/** The load begins undisturbed, and ends so: what is planned for then would come when nothing is under way. */
const QUIET_AT_ENDS = 0.04

/** Each kind once, in any order, and then whatever is drawn; spread over all requests. */
export function planFaults(settings: ChaosSettings, random: (below: number) => number): Fault[] {
  const { requests, requestsPerFault } = settings
  const count = Math.max(FAULT_KINDS.length, Math.round(requests / requestsPerFault))
  const once = shuffled(FAULT_KINDS, random)
  const first = requests * QUIET_AT_ENDS
  const step = (requests * (1 - 2 * QUIET_AT_ENDS)) / count
  return Array.from({ length: count }, (_, i) => {
    const at = Math.floor(first + step * i + random(Math.max(1, Math.floor(step))))
    return planFault(at, once[i] ?? (LOTS[random(LOTS.length)] as FaultKind), settings, random)
  })
}

function planFault(
  at: number,
  kind: FaultKind,
  settings: ChaosSettings,
  random: (below: number) => number,
): Fault {
  const between = (least: number, most: number) => least + random(most - least)
  const { leaseMs, pools, gateways, edges } = settings
  const way = () => random(pools + gateways + edges)
  switch (kind) {
    case 'kill-pool':
    case 'replace-pool':
      return { at, kind, pool: random(pools), downMs: random(1_000) }
    case 'stall-pool':
      return { at, kind, pool: random(pools), ms: between(leaseMs * 1.25, leaseMs * 2.5) }
    case 'restart-gateway':
      return { at, kind, gateway: random(gateways), kill: random(2) === 0, downMs: random(1_000) }
    case 'restart-edge':
      return { at, kind, edge: random(edges), kill: random(2) === 0, downMs: random(500) }
    case 'restart-redis':
      return { at, kind, downMs: between(200, 1_500) }
    case 'fill-redis':
      return { at, kind, ms: between(1_000, 3_000) }
    case 'cut-way':
      return { at, kind, way: way() }
    case 'lose-answers':
      return { at, kind, way: way(), ms: between(100, 1_000) }
    case 'slow-way':
      return { at, kind, way: way(), delayMs: between(20, 1_500), ms: between(1_000, 4_000) }
  }
}

function shuffled<T>(items: readonly T[], random: (below: number) => number): T[] {
  const left = [...items]
  return items.map(() => left.splice(random(left.length), 1)[0] as T)
}

/** One line for people. */
export function describeFault({ at, kind, ...rest }: Fault): string {
  const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`)
  return `request ${at}: ${kind} (${details.join(', ')})`
}
