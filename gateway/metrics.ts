import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { COMMAND_FAMILIES, type CommandFamily } from './command-families.ts'

/** Why a request was not handed to Redis, or a connection cut. */
export const REFUSALS = [
  'unauthorized',
  'bad-request',
  'method',
  'too-large',
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

/** Counts what the gateway does, as Prometheus metrics in `registry`. All series are there from the start, at 0. */
export class GatewayMetrics {
  readonly #families: ReturnType<typeof createFamilies>

  constructor(registry: Registry, state: GatewayState) {
    this.#families = createFamilies(registry)
    watchState(registry, state)
  }

  answered({ families, failed, family, seconds, bytesIn, bytesOut }: AnsweredRequest): void {
    const { commands, errors, durations, received, sent } = this.#families
    for (const each of families) commands[each].inc()
    for (const each of failed) errors[each].inc()
    durations[family].observe(seconds)
    received[family].inc(bytesIn)
    sent[family].inc(bytesOut)
  }

  refused(why: Refusal): void {
    this.#families.refusals.inc({ reason: why })
  }

  streamCut(): void {
    this.#families.cut.inc()
  }
}

/** Series are looked up once: a request is counted without making labels. */
function createFamilies(registry: Registry) {
  const registers = [registry]
  const counter = (name: string, help: string) => {
    const all = new Counter({ name: `edgebatch_gateway_${name}`, help, labelNames: ['family'], registers })
    return byFamily((family) => {
      all.inc({ family }, 0)
      return all.labels(family)
    })
  }
  const durations = new Histogram({
    name: 'edgebatch_gateway_request_duration_seconds',
    help: 'A request with commands, from its headers to its answer',
    ...{ labelNames: ['family'], buckets: DURATION_BUCKETS, registers },
  })
  const refusals = new Counter({
    name: 'edgebatch_gateway_refused_total',
    help: 'Requests not handed to Redis, or not answered by it, by reason',
    ...{ labelNames: ['reason'], registers },
  })
  for (const reason of REFUSALS) refusals.inc({ reason }, 0)
  return {
    commands: counter('commands_total', 'Commands that Redis answered'),
    errors: counter('command_errors_total', 'Commands that Redis answered with an error'),
    durations: byFamily((family) => {
      durations.zero({ family })
      return durations.labels(family)
    }),
    received: counter('request_bytes_total', 'Bytes of the bodies of requests with commands'),
    sent: counter('response_bytes_total', 'Bytes of the bodies of their answers'),
    refusals,
    cut: new Counter({
      name: 'edgebatch_gateway_streams_cut_total',
      help: 'Streams cut off since their reader was too far behind',
      registers,
    }),
  }
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
