import { useMemo } from 'preact/hooks'
import { bytes, duration, short } from '../design/format.ts'
import { Chart } from './chart.tsx'
import { columnsOf, type Sample } from './samples.ts'
import type { Span } from './toolbar.tsx'

/** Lines break where nobody has looked for longer, ms. */
const GAP_MS: Record<Span, number> = { live: 20_000, hour: 150_000 }
const TIME_FORMATS: Record<Span, string> = { live: '{HH}:{mm}:{ss}', hour: '{HH}:{mm}' }

/** How a version, or ALL, did over time. */
export function Charts({
  samples,
  version,
  span,
}: {
  samples: readonly Sample[]
  version: string
  span: Span
}) {
  const { times, backlog, rates, latencies, memory } = useMemo(() => {
    const { times, column } = columnsOf(samples, version, GAP_MS[span])
    return {
      times,
      backlog: [{ name: 'Jobs', values: column((point) => point.backlog) }],
      rates: [
        { name: 'Arrivals', values: column((point) => point.arrivals) },
        { name: 'Done', values: column((point) => point.settled) },
      ],
      latencies: [
        { name: 'p50', values: column((point) => point.p50) },
        { name: 'p95', values: column((point) => point.p95) },
        { name: 'p99', values: column((point) => point.p99) },
      ],
      memory: [{ name: 'Used', values: column((_, sample) => sample.memory) }],
    }
  }, [samples, version, span])
  const axis = { times, timeFormat: TIME_FORMATS[span] }
  return (
    <section aria-label={span === 'hour' ? 'The last hour' : 'Since this page was opened'} class="charts">
      {span === 'hour' && samples.length === 0 && (
        <p class="facts">
          Nothing of the last hour is kept: a minute is when this page, or an edge that reports the depth of
          queues, looks.
        </p>
      )}
      <Chart title="Backlog" lines={backlog} format={short} least={4} {...axis} />
      <Chart title="Jobs a second" lines={rates} format={short} least={1} {...axis} />
      <Chart title="Acceptance to result" lines={latencies} format={duration} least={10} {...axis} />
      <Chart
        title="Redis memory"
        lines={memory}
        format={bytes}
        least={1e6}
        ifNothing="Redis does not tell: the edge’s user may not run INFO there, or what is hosted does not know."
        {...axis}
      />
    </section>
  )
}
