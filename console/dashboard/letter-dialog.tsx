import { useEffect, useState } from 'preact/hooks'
import type { PublicDeadLetterDetails } from '../../shared/public-dead-letter.ts'
import { type Problem, problemOf } from '../session/problem.ts'
import type { AdminApi } from './admin-api.ts'
import { Modal } from './modal.tsx'

/** All that is known of a dead letter. */
export function LetterDialog({ api, id, onClose }: { api: AdminApi; id: string; onClose: () => void }) {
  const [letter, setLetter] = useState<PublicDeadLetterDetails>()
  const [problem, setProblem] = useState<Problem>()
  useEffect(() => {
    api.deadLetter(id).then(setLetter, (error) => setProblem(problemOf(error)))
  }, [api, id])
  return (
    <Modal title="Dead letter" onClose={onClose}>
      {problem && (
        <p role="alert">
          {problem.title}: {problem.detail}
        </p>
      )}
      {letter && (
        <dl class="details">
          {rowsOf(letter).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="mono">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Modal>
  )
}

function rowsOf({ job, webhook, ...letter }: PublicDeadLetterDetails): [name: string, value: string][] {
  const told = webhook ? `${webhook.host} (${webhook.events.join(', ')})` : null
  return [
    ...Object.entries({ ...letter, webhook: told }),
    ...Object.entries(job).map(([name, value]) => [`job.${name}`, value] as const),
  ].map(([name, value]) => [name, value === null || value === '' ? '–' : String(value)])
}
