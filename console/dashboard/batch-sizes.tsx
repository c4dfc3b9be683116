import { count } from '../design/format.ts'
import { Bars } from './bars.tsx'
import type { AddedWork } from './samples.ts'

/** How many images runs had. `within`: what time, in words. */
export function BatchSizes({ work, within }: { work: AddedWork; within: string }) {
  const bars = work.batch_sizes.map(({ up_to: upTo, batches }) => ({
    name: upTo <= 2 ? String(upTo) : `${upTo / 2 + 1}–${upTo}`,
    value: batches,
  }))
  return (
    <section class="panel" aria-labelledby="batch-sizes">
      <h2 id="batch-sizes">Batch sizes</h2>
      <p class="facts">{within}</p>
      <Bars bars={bars} told={(value) => count(value, 'run')} empty={`No runs ${within}.`} />
    </section>
  )
}
