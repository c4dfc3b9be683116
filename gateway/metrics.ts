import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { COMMAND_FAMILIES, type CommandFamily } from './command-families.ts'

/** Why a request was not handed to Redis, or a connection cut. */
export const REFUSALS = [
  'unauthorized',
  'bad-request',
  'method',
  'too-large',
  'too-slow',
  'incomplete',
  'too-many-streams',
  'too-many-connections',
  'redis-away',
  'stopping',
  'internal-error',
] as const
export type Refusal = (typeof REFUSALS)[number]

/** What of the gateway is read when somebody asks for metrics. */
export interface GatewayState {
  connections(): number
  streams(): number
  /** Channels and patterns that Redis is subscribed to. */
  subscriptions(): number
}

/** One request whose commands were handed to Redis, answered. */
export interface AnsweredRequest {
  /** Of each command. */
  families: readonly CommandFamily[]
  /** Of each command that Redis refused. */
  failed: readonly CommandFamily[]
  /** Of the request: that of all its commands, or `mixed`. */
  family: CommandFamily
  /** From its headers to its answer. */
  seconds: number
  /** Of its body, and of its answer's. */
  bytesIn: number
  bytesOut: number
}

/** Seconds: from a GET on the same machine to a script that takes its time. */
const DURATION_BUCKETS = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** What is counted by family, each with what its metric says. */
const COUNTS = {
  commands_total: 'Commands that were answered',
  command_errors_total: 'Commands that were answered with an error',
  request_bytes_total: 'Bytes of the bodies of requests with commands',
  response_bytes_total: 'Bytes of the bodies of their answers',
} as const
type CountName = keyof typeof COUNTS
type Counts = Record<CountName, Record<CommandFamily, number>>
type Durations = Record<CommandFamily, { observe(seconds: number): void }>

/** Counts what the gateway does, as Prometheus metrics in `registry`. All series are there from the start, at 0. */
export class GatewayMetrics {
  /** Plain numbers, which are made metrics of when somebody asks: a request is counted without making labels. */
  readonly #counts: Counts
  readonly #durations: Durations
  readonly #refusals: Counter<'reason'>
  readonly #cut: Counter

  constructor(registry: Registry, state: GatewayState) {
    const registers = [registry]
    this.#counts = countsIn(registry)
    this.#durations = durationsIn(registry)
    this.#refusals = new Counter({
      name: 'edgebatch_gateway_refused_total',
      help: 'Requests not handed to Redis, or not answered by it, by reason',
      ...{ labelNames: ['reason'] as const, registers },
    })
    for (const reason of REFUSALS) this.#refusals.inc({ reason }, 0)
    this.#cut = new Counter({
      name: 'edgebatch_gateway_streams_cut_total',
      help: 'Streams cut off since their reader was too far behind',
      registers,
    })
    watchState(registry, state)
  }

  answered({ families, failed, family, seconds, bytesIn, bytesOut }: AnsweredRequest): void {
    const { commands_total, command_errors_total, request_bytes_total, response_bytes_total } = this.#counts
    for (const each of families) commands_total[each]++
    for (const each of failed) command_errors_total[each]++
    request_bytes_total[family] += bytesIn
    response_bytes_total[family] += bytesOut
    this.#durations[family].observe(seconds)
  }

  refused(reason: Refusal): void {
    this.#refusals.inc({ reason })
  }

  streamCut(): void {
    this.#cut.inc()
  }
}

function countsIn(registry: Registry): Counts {
  const names = Object.keys(COUNTS) as CountName[]
  return Object.fromEntries(names.map((name) => [name, countIn(registry, name)])) as Counts
}

function countIn(registry: Registry, name: CountName): Record<CommandFamily, number> {
  const counts = byFamily(() => 0)
  new Counter({
    name: `edgebatch_gateway_${name}`,
    ...{ help: `${COUNTS[name]}, by family`, labelNames: ['family'], registers: [registry] },
    collect() {
      this.reset()
      for (const family of COMMAND_FAMILIES) this.inc({ family }, counts[family])
    },
  })
  return counts
}

/** Series are looked up once. */
function durationsIn(registry: Registry): Durations {
  const durations = new Histogram({
    name: 'edgebatch_gateway_request_duration_seconds',
    help: 'A request with commands, from its headers to its answer',
    ...{ labelNames: ['family'], buckets: DURATION_BUCKETS, registers: [registry] },
  })
  return byFamily((family) => {
    durations.zero({ family })
    return durations.labels(family)
  })
}

function byFamily<T>(make: (family: CommandFamily) => T): Record<CommandFamily, T> {
  return Object.fromEntries(COMMAND_FAMILIES.map((family) => [family, make(family)])) as Record<
    CommandFamily,
    T
  >
}

function watchState(registry: Registry, state: GatewayState): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `edgebatch_gateway_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge('connections', 'Connections of clients', state.connections)
  gauge('streams', 'Streams of events that are open', state.streams)
  gauge('subscriptions', 'Channels and patterns subscribed to in Redis', state.subscriptions)
}
