import { adviceOn } from '../session/problem.ts'
import type { Photo } from './photo.ts'

/** Why there is no result, as the service says it; nothing where there may be one. */
export function Refusal({ photo: { problem, job, state } }: { photo: Photo }) {
  if (problem) {
    const { title, code, status, requestId } = problem
    return (
      <div class="refusal">
        <h3>{title}</h3>
        <p>{adviceOn(problem)}</p>
        <p class="facts">
          {[
            code,
            ...(status > 0 ? [`HTTP ${status}`] : []),
            ...(requestId ? [`request ${requestId}`] : []),
          ].join(' · ')}
        </p>
      </div>
    )
  }
  if (!job?.error || (state !== 'failed' && state !== 'expired')) return null
  return (
    <div class="refusal">
      <h3>{job.error.title}</h3>
      <p>{job.error.retryable ? 'It may work when tried again.' : 'It will not work when tried again.'}</p>
      <p class="facts">
        {job.error.code} · job {job.id}
      </p>
    </div>
  )
}
