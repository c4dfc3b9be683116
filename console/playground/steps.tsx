import type { Photo, PhotoState } from './photo.ts'

const STEPS = ['Upload', 'Queue', 'Process', 'Result'] as const

const STEP_OF: Readonly<Partial<Record<PhotoState, number>>> = {
  waiting: 0,
  uploading: 0,
  held: 0,
  queued: 1,
  processing: 2,
  succeeded: 4,
}

/** The way of a photo, and how far along it is; nothing once it has come to any other end than a result. */
export function Steps({ photo }: { photo: Photo }) {
  const at = STEP_OF[photo.state]
  if (at === undefined || photo.state === 'succeeded') return null
  const sent = photo.state === 'uploading' ? photo.sent : 0
  return (
    <ol class="steps" aria-label="Progress">
      {STEPS.map((name, i) => (
        <li key={name} class={i < at ? 'step-done' : ''} aria-current={i === at ? 'step' : undefined}>
          <span class="step-bar" aria-hidden="true">
            <span style={{ width: `${i < at ? 100 : i === at ? sent * 100 : 0}%` }} />
          </span>
          {name}
        </li>
      ))}
    </ol>
  )
}
