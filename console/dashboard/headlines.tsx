import type { ComponentChildren } from 'preact'
import type { PublicStats } from '../../shared/public-stats.ts'
import { bytes, duration, share } from '../design/format.ts'
import { per, span, whole } from './figures.ts'

type Model = PublicStats['models'][number]

/** The figures that are looked at first: of one version, or of all. */
export function Headlines({ stats, model }: { stats: PublicStats; model: Model | undefined }) {
  const shown = model ? [model] : stats.models
  const backlog = sum(shown.flatMap(({ backlog }) => Object.values(backlog)))
  const waited = shown.filter(({ backlog }) => sum(Object.values(backlog)) > 0)
  // The backlog of a version that nobody serves has no end that is known, however fast the others are.
  const etas = waited.map(({ eta_seconds: eta }) => eta ?? Number.POSITIVE_INFINITY)
  const eta = Math.max(0, ...etas)
  const oldest = Math.max(...shown.map((one) => one.oldest_waiting_seconds ?? 0), 0)
  const drain = sum(shown.map((one) => one.drain_rate ?? 0))
  const work = (model ?? stats).last_minute
  const letters = model ? (stats.dead_letters.by_model[model.name] ?? 0) : stats.dead_letters.total
  const failed = sum(Object.values(work.failures))
  return (
    <dl class="headlines">
      <Headline name="Backlog" note={oldest > 0 ? `oldest waits ${duration(oldest * 1000)}` : 'none waits'}>
        {whole(backlog)}
      </Headline>
      <Headline name="Arrivals" note="accepted, lately">
        {per((model ?? stats).arrival_rate)}
      </Headline>
      <Headline name="Done" note={`pools could do ${per(drain)}`}>
        {per(work.settled / 60)}
      </Headline>
      <Headline name="ETA" note="until the backlog is served">
        {span(Number.isFinite(eta) ? eta : null)}
      </Headline>
      <Headline name="95% within" note="acceptance to result">
        {work.latency_ms.total ? duration(work.latency_ms.total.p95) : '–'}
      </Headline>
      <Headline
        name="Failures"
        note={work.settled > 0 ? `${share(failed / work.settled)} of the last minute` : 'of the last minute'}
      >
        {whole(failed)}
      </Headline>
      <Headline name="Dead letters" note="kept for a day">
        {whole(letters)}
      </Headline>
      <Pools stats={stats} model={model} />
      <Memory redis={stats.redis} />
    </dl>
  )
}

function Headline({ name, note, children }: { name: string; note: string; children: ComponentChildren }) {
  return (
    <div class="panel headline">
      <dt>{name}</dt>
      <dd>
        <strong>{children}</strong>
        <span class="facts">{note}</span>
      </dd>
    </div>
  )
}

function Pools({ stats, model }: { stats: PublicStats; model: Model | undefined }) {
  const ids = model && new Set(model.pools)
  const pools = stats.pools.filter(({ id }) => ids?.has(id) ?? true)
  const inState = (state: string) => pools.filter((pool) => pool.state === state).length
  const held = sum(pools.map((pool) => pool.in_flight ?? 0))
  const told = [`${whole(held)} in flight`]
  for (const state of ['slow', 'stuck']) if (inState(state) > 0) told.push(`${inState(state)} ${state}`)
  return (
    <Headline name="Pools" note={told.join(' · ')}>
      {whole(pools.length)}
    </Headline>
  )
}

function Memory({ redis }: Pick<PublicStats, 'redis'>) {
  if (!redis) return null
  const { used_memory_bytes: used, max_memory_bytes: max } = redis
  return (
    <Headline
      name="Redis memory"
      note={max === null ? 'no limit is set' : `${share(used / max)} of ${bytes(max)}`}
    >
      {bytes(used)}
    </Headline>
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
