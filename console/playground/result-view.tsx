import type { PublicJob } from '../../shared/public-job.ts'
import { share } from '../design/format.ts'
import { EmbeddingView } from './embedding-view.tsx'
import { TensorsView } from './tensors-view.tsx'

/** What the model says, by what it is for. */
export function ResultView({ job }: { job: PublicJob }) {
  if (Array.isArray(job.embedding)) return <EmbeddingView elements={job.embedding} />
  if (job.tensors) return <TensorsView tensors={job.tensors} />
  return <Predictions predictions={job.predictions ?? []} />
}

function Predictions({ predictions }: { predictions: NonNullable<PublicJob['predictions']> }) {
  return (
    <ol class="predictions" aria-label="Labels, most probable first">
      {predictions.map(({ label, probability, index }) => (
        <li key={index}>
          <span class="label">{label}</span>
          <span class="probability">{share(probability)}</span>
          <span class="bar-track" aria-hidden="true">
            <span class="bar-fill" style={{ width: `${probability * 100}%` }} />
          </span>
        </li>
      ))}
    </ol>
  )
}
