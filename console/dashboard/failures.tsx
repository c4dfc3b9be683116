import type { PublicWork } from '../../shared/public-stats.ts'
import { Bars } from './bars.tsx'
import { whole } from './figures.ts'

/** Why jobs of the last minute have ended without a result. */
export function Failures({ work }: { work: PublicWork }) {
  const bars = Object.entries(work.failures)
    .map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => b.value - a.value)
  return (
    <section class="panel" aria-labelledby="failures">
      <h2 id="failures">Failures by reason</h2>
      <Bars bars={bars} told={whole} empty="None in the last minute." />
    </section>
  )
}
