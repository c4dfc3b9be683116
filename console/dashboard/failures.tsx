import { Bars } from './bars.tsx'
import { whole } from './figures.ts'
import type { AddedWork } from './samples.ts'

/** Why jobs have ended without a result. `within`: what time, in words. */
export function Failures({ work, within }: { work: AddedWork; within: string }) {
  const bars = Object.entries(work.failures)
    .map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => b.value - a.value)
  return (
    <section class="panel" aria-labelledby="failures">
      <h2 id="failures">Failures by reason</h2>
      <p class="facts">{within}</p>
      <Bars bars={bars} told={whole} empty={`None ${within}.`} />
    </section>
  )
}
