import type { PublicWork } from '../../shared/public-stats.ts'
import { count } from '../design/format.ts'
import { Bars } from './bars.tsx'

/** How many images the runs of the last minute had. */
export function BatchSizes({ work }: { work: PublicWork }) {
  const bars = work.batch_sizes.map(({ up_to: upTo, batches }) => ({
    name: upTo <= 2 ? String(upTo) : `${upTo / 2 + 1}–${upTo}`,
    value: batches,
  }))
  return (
    <section class="panel" aria-labelledby="batch-sizes">
      <h2 id="batch-sizes">Batch sizes</h2>
      <Bars bars={bars} told={(value) => count(value, 'run')} empty="No runs in the last minute." />
    </section>
  )
}
