import type { PublicStats } from '../../shared/public-stats.ts'
import { duration } from '../design/format.ts'
import { per, span, whole } from './figures.ts'
import { idOf } from './samples.ts'
import { type Column, SortableTable } from './sortable-table.tsx'
import { State } from './state.tsx'

type Model = PublicStats['models'][number]

const jobs = ({ backlog }: Model) => Object.values(backlog).reduce((sum, waiting) => sum + waiting, 0)
const failed = ({ last_minute: work }: Model) => Object.values(work.failures).reduce((sum, n) => sum + n, 0)

const COLUMNS: readonly Column<Model>[] = [
  { title: 'Version', cell: (row) => <span class="mono">{idOf(row)}</span>, order: idOf },
  { title: 'State', cell: ({ state }) => <State state={state} />, order: ({ state }) => state },
  { title: 'Backlog', cell: (row) => whole(jobs(row)), order: jobs, isNumber: true },
  {
    title: 'Oldest waits',
    cell: (row) => span(row.oldest_waiting_seconds),
    order: (row) => row.oldest_waiting_seconds,
    isNumber: true,
  },
  {
    title: 'Arrivals',
    cell: (row) => per(row.arrival_rate),
    order: (row) => row.arrival_rate,
    isNumber: true,
  },
  {
    title: 'Done',
    cell: (row) => per(row.last_minute.settled / 60),
    order: (row) => row.last_minute.settled,
    isNumber: true,
  },
  { title: 'Drain rate', cell: (row) => per(row.drain_rate), order: (row) => row.drain_rate, isNumber: true },
  { title: 'ETA', cell: (row) => span(row.eta_seconds), order: (row) => row.eta_seconds, isNumber: true },
  {
    title: 'p95',
    cell: ({ last_minute: { latency_ms: ms } }) => (ms.total ? duration(ms.total.p95) : '–'),
    order: ({ last_minute: { latency_ms: ms } }) => ms.total?.p95 ?? null,
    isNumber: true,
  },
  { title: 'Failures', cell: (row) => whole(failed(row)), order: failed, isNumber: true },
  {
    title: 'Pools',
    cell: (row) => whole(row.pools.length),
    order: (row) => row.pools.length,
    isNumber: true,
  },
]
const PAGE_SIZE = 20

export function VersionsTable({ models }: { models: readonly Model[] }) {
  return (
    <section class="panel" aria-labelledby="versions">
      <h2 id="versions">Models</h2>
      <SortableTable
        caption="Versions of models"
        columns={COLUMNS}
        rows={models}
        keyOf={idOf}
        pageSize={PAGE_SIZE}
        empty="No pool has announced a model yet."
      />
    </section>
  )
}
