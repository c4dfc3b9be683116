import { useMemo } from 'preact/hooks'
import type { PublicModel } from '../../shared/public-models.ts'
import { bytes } from '../design/format.ts'
import { adviceOn } from '../session/problem.ts'
import { CallSnippets } from './call-snippets.tsx'
import { ModelInput } from './model-input-view.tsx'
import { versionOf } from './model-picker.tsx'
import { isOver, mayEndOtherwise, type Photo } from './photo.ts'
import type { PhotoBoard } from './photo-board.ts'
import { Refusal } from './refusal.tsx'
import { ResultView } from './result-view.tsx'
import { StatusLine } from './status-line.tsx'
import { Steps } from './steps.tsx'
import { Thumbnail } from './thumbnail.tsx'
import { TimeSplit } from './time-split-view.tsx'

interface PhotoCardProps {
  photo: Photo
  board: PhotoBoard
  models: readonly PublicModel[] | undefined
  /** The service's. */
  origin: string
  /** Whether calls take an API key. */
  keyed: boolean
}

/** Drawn anew only when something of it has changed: there may be hundreds. */
export function PhotoItem(props: PhotoCardProps) {
  const { photo, board, models, origin, keyed } = props
  return useMemo(
    () => <PhotoCard photo={photo} board={board} models={models} origin={origin} keyed={keyed} />,
    [photo, board, models, origin, keyed],
  )
}

/** One photo: a line that tells how far it is, and all else where that is wanted. */
function PhotoCard({ photo, board, models, origin, keyed }: PhotoCardProps) {
  const { id, file, expanded } = photo
  const name = `photo-${id}`
  return (
    <article class={`photo photo-${photo.state}`} id={name} aria-labelledby={`${name}-name`} tabIndex={-1}>
      <div class="photo-line">
        <Thumbnail file={file} />
        <div class="photo-title">
          <h2 id={`${name}-name`}>{file.name}</h2>
          <StatusLine photo={photo} />
          {photo.state === 'refused' && photo.problem && !expanded && (
            <p class="advice">{adviceOn(photo.problem)}</p>
          )}
        </div>
        <div class="actions">
          <Actions photo={photo} board={board} />
          <button
            type="button"
            class="quiet"
            aria-expanded={expanded}
            onClick={() => board.expand(id, !expanded)}
          >
            {expanded ? 'Less' : 'More'} <Of name={file.name} />
          </button>
        </div>
      </div>
      {(expanded || photo.state !== 'waiting') && <Steps photo={photo} />}
      {expanded && <Details photo={photo} models={models} origin={origin} keyed={keyed} />}
    </article>
  )
}

/** What may be done. The button that was pressed may be gone afterwards: the focus goes to its photo, or to the page if that is gone. */
function Actions({ photo, board }: Pick<PhotoCardProps, 'photo' | 'board'>) {
  const { id, file, state } = photo
  const act = (action: () => void, then: string) => () => {
    document.getElementById(then)?.focus()
    action()
  }
  if (!isOver(photo)) {
    return (
      <button type="button" onClick={act(() => void board.cancel(id), `photo-${id}`)}>
        Cancel <Of name={file.name} />
      </button>
    )
  }
  return (
    <>
      {mayEndOtherwise(photo) && (
        <button type="button" onClick={act(() => board.again(id), `photo-${id}`)}>
          {state === 'lost' ? 'Look again' : state === 'succeeded' ? 'Run again' : 'Try again'}{' '}
          <Of name={file.name} />
        </button>
      )}
      <button type="button" class="quiet" onClick={act(() => board.remove(id), 'main')}>
        Remove <Of name={file.name} />
      </button>
    </>
  )
}

/** Which photo a button is for, where that is not seen. */
function Of({ name }: { name: string }) {
  return <span class="visually-hidden">{name}</span>
}

function Details({ photo, models, origin, keyed }: Omit<PhotoCardProps, 'board'>) {
  const { file, job, model } = photo
  const used = job ? `${job.model}@${job.model_version}` : model
  const version = models && versionOf(models, used)
  return (
    <div class={`details ${photo.state === 'refused' ? 'details-refused' : ''}`}>
      {photo.state !== 'refused' && <ModelInput file={file} version={version} />}
      <div class="details-main">
        <Refusal photo={photo} />
        {job?.success && <ResultView job={job} />}
        <TimeSplit photo={photo} />
        <p class="facts">{factsOf(photo).join(' · ')}</p>
        <CallSnippets call={{ origin, model, fileName: file.name, keyed }} job={job} />
      </div>
    </div>
  )
}

function factsOf({ file, job, cache }: Photo): string[] {
  return [
    bytes(file.size),
    ...(job ? [`${job.model} ${job.model_version}`] : []),
    ...(job?.metrics.batch_size ? [`batch of ${job.metrics.batch_size}`] : []),
    ...(job && job.metrics.attempts > 1 ? [`${job.metrics.attempts} attempts`] : []),
    ...(cache === 'hit' ? ['the result was there already'] : []),
    ...(cache === 'join' ? ['the same photo was under way already'] : []),
  ]
}
