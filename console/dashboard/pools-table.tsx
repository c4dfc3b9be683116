import { useState } from 'preact/hooks'
import type { PublicStats } from '../../shared/public-stats.ts'
import { count, share, short } from '../design/format.ts'
import { ago, span, whole } from './figures.ts'
import { type Column, SortableTable } from './sortable-table.tsx'
import { State } from './state.tsx'

type Pool = PublicStats['pools'][number]

/** The most of all it serves. */
const busy = ({ busy }: Pool) => Math.max(0, ...Object.values(busy))
/** `now`: of Redis' clock, as are the pools' times. */
const columnsAt = (now: number): readonly Column<Pool>[] => [
  { title: 'Pool', cell: ({ id }) => <span class="mono">{id}</span>, order: ({ id }) => id },
  { title: 'State', cell: ({ state }) => <State state={state ?? 'unknown'} />, order: ({ state }) => state },
  { title: 'Device', cell: ({ device }) => device ?? '–', order: ({ device }) => device },
  {
    title: 'Serves',
    cell: ({ models }) => <span class="mono">{models.join(', ')}</span>,
    order: ({ models }) => models.join(),
  },
  {
    title: 'In flight',
    cell: (pool) => (pool.in_flight === null ? '–' : whole(pool.in_flight)),
    order: (pool) => pool.in_flight,
    isNumber: true,
  },
  {
    title: 'Images/s',
    cell: (pool) => (pool.images_per_second === null ? '–' : short(pool.images_per_second)),
    order: (pool) => pool.images_per_second,
    isNumber: true,
  },
  { title: 'Busy', cell: (pool) => share(busy(pool)), order: busy, isNumber: true },
  {
    title: 'Run takes',
    cell: ({ running_for_seconds: seconds }) => span(seconds || null),
    order: (pool) => pool.running_for_seconds,
    isNumber: true,
  },
  { title: 'Started', cell: (pool) => ago(pool.started_at, now), order: (pool) => pool.started_at },
  {
    title: 'Last settled',
    cell: (pool) => ago(pool.last_settled_at, now),
    order: (pool) => pool.last_settled_at,
  },
]
const PAGE_SIZE = 20
const STATES = ['ok', 'slow', 'stuck']

/** All pools, or those that one looks for. */
export function PoolsTable({ pools, now }: { pools: readonly Pool[]; now: number }) {
  const [wanted, setWanted] = useState('')
  const [state, setState] = useState('')
  const found = pools.filter(
    (pool) => (state === '' || pool.state === state) && textOf(pool).includes(wanted.toLowerCase()),
  )
  return (
    <section class="panel" aria-labelledby="pools">
      <div class="section-head">
        <h2 id="pools">Pools</h2>
        <div class="actions">
          <label class="visually-hidden" for="pool-filter">
            Find pools
          </label>
          <input
            id="pool-filter"
            type="search"
            placeholder="Id, device or model"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
          <label class="visually-hidden" for="pool-state">
            State of pools
          </label>
          <select id="pool-state" value={state} onChange={(event) => setState(event.currentTarget.value)}>
            <option value="">All states</option>
            {STATES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
      </div>
      <p class="facts" role="status">
        {found.length === pools.length
          ? count(pools.length, 'pool')
          : `${found.length} of ${count(pools.length, 'pool')}`}
      </p>
      <SortableTable
        caption="Worker pools"
        columns={columnsAt(now)}
        rows={found}
        keyOf={({ id }) => id}
        pageSize={PAGE_SIZE}
        empty={pools.length === 0 ? 'No pool lives.' : 'No pool is like that.'}
      />
    </section>
  )
}

function textOf({ id, device, models }: Pool): string {
  return [id, device ?? '', ...models].join(' ').toLowerCase()
}
