import { CopyButton } from '../design/copy-button.tsx'
import { short } from '../design/format.ts'
import { Strip } from './strip.tsx'

/** How many of its numbers are written out. */
const SHOWN = 8

/** An embedding: how long it is, how its values lie, and the first of them. */
export function EmbeddingView({ elements }: { elements: readonly number[] }) {
  const length = Math.hypot(...elements)
  return (
    <section class="numbers" aria-label="Embedding">
      <h3>Embedding of {elements.length} numbers</h3>
      <Strip values={elements} />
      <p class="facts">
        length {short(length)} · from {short(Math.min(...elements))} to {short(Math.max(...elements))}
      </p>
      <p class="mono">
        [{elements.slice(0, SHOWN).map(short).join(', ')}
        {elements.length > SHOWN && ', …'}]
      </p>
      <CopyButton text={JSON.stringify(elements)} label="Copy all numbers" />
    </section>
  )
}
