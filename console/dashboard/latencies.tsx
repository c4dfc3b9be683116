import type { PublicWork } from '../../shared/public-stats.ts'
import { duration } from '../design/format.ts'

const STAGES = [
  ['queue', 'Queue'],
  ['predict', 'Predict'],
  ['total', 'Total'],
] as const
const SHARES = ['p50', 'p95', 'p99'] as const

/** How long jobs took in the last minute. */
export function Latencies({ work }: { work: PublicWork }) {
  return (
    <section class="panel" aria-labelledby="latencies">
      <h2 id="latencies">Latency</h2>
      <p class="facts">in the last minute</p>
      <table>
        <caption class="visually-hidden">Percentiles of the last minute</caption>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            {SHARES.map((share) => (
              <th key={share} scope="col" class="number">
                {share}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {STAGES.map(([stage, title]) => (
            <tr key={stage}>
              <th scope="row">{title}</th>
              {SHARES.map((share) => (
                <td key={share} class="number">
                  {work.latency_ms[stage] ? duration(work.latency_ms[stage][share]) : '–'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
