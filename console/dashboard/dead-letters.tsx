import { useRef, useState } from 'preact/hooks'
import type { PublicDeadLetter } from '../../shared/public-dead-letter.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { bytes } from '../design/format.ts'
import type { AdminApi } from './admin-api.ts'
import { DropDialog } from './drop-dialog.tsx'
import { whole } from './figures.ts'
import { LetterDialog } from './letter-dialog.tsx'
import { type Column, SortableTable } from './sortable-table.tsx'
import { useDeadLetters } from './use-dead-letters.ts'

interface DeadLettersProps {
  api: AdminApi
  counts: PublicStats['dead_letters']
  /** Of when they are. */
  at: string
}

const PAGE_SIZE = 20

/** Jobs that have lost their last attempt: to be looked at, run again, or dropped. */
export function DeadLetters({ api, counts, at }: DeadLettersProps) {
  const [model, setModel] = useState('')
  const [looked, lookAt] = useState<PublicDeadLetter>()
  const [dropped, askToDrop] = useState<PublicDeadLetter>()
  const heading = useRef<HTMLHeadingElement>(null)
  // Who has pressed one of its buttons is not sent back to the top of the page.
  const onLeave = (id: string) => {
    if (document.getElementById(actionsId(id))?.contains(document.activeElement)) heading.current?.focus()
  }
  const wanted = { model, count: counts.total, at, onLeave }
  const { letters, more, said, retry, drop } = useDeadLetters(api, wanted)
  const columns = columnsWith((letter) => (
    <div class="actions" id={actionsId(letter.id)}>
      <button type="button" onClick={() => lookAt(letter)} aria-label={`Inspect ${letter.id}`}>
        Inspect
      </button>
      <button
        type="button"
        onClick={() => retry(letter)}
        disabled={letter.input_bytes === null}
        aria-label={`Retry ${letter.id}`}
      >
        Retry
      </button>
      <button type="button" onClick={() => askToDrop(letter)} aria-label={`Drop ${letter.id}`}>
        Drop
      </button>
    </div>
  ))
  return (
    <section class="panel" aria-labelledby="dead-letters">
      <div class="section-head">
        <h2 id="dead-letters" ref={heading} tabIndex={-1}>
          Dead letters
        </h2>
        <label class="visually-hidden" for="letter-model">
          Model of dead letters
        </label>
        <select id="letter-model" value={model} onChange={(event) => setModel(event.currentTarget.value)}>
          <option value="">All models</option>
          {Object.entries(counts.by_model).map(([name, count]) => (
            <option key={name} value={name}>
              {name} ({whole(count)})
            </option>
          ))}
        </select>
      </div>
      <p class="facts" role="status">
        {said}
      </p>
      {letters && (
        <SortableTable
          caption="Dead letters"
          columns={columns}
          rows={letters}
          keyOf={({ id }) => id}
          pageSize={PAGE_SIZE}
          empty="None: every job that failed did so for a reason that its caller was told."
        />
      )}
      {more && (
        <button type="button" onClick={more}>
          Load more
        </button>
      )}
      {looked && <LetterDialog api={api} id={looked.id} onClose={() => lookAt(undefined)} />}
      {dropped && <DropDialog letter={dropped} onDrop={drop} onClose={() => askToDrop(undefined)} />}
    </section>
  )
}

function actionsId(id: string): string {
  return `letter-${id}`
}

function columnsWith(actions: Column<PublicDeadLetter>['cell']): Column<PublicDeadLetter>[] {
  return [
    { title: 'Job', cell: ({ id }) => <span class="mono">{id}</span> },
    {
      title: 'Version',
      cell: (letter) => `${letter.model}@${letter.model_version}`,
      order: (letter) => `${letter.model}@${letter.model_version}`,
    },
    { title: 'Reason', cell: ({ reason }) => reason, order: ({ reason }) => reason },
    {
      title: 'Attempts',
      cell: ({ attempts }) => attempts,
      order: ({ attempts }) => attempts,
      isNumber: true,
    },
    { title: 'At', cell: ({ at }) => new Date(at).toLocaleString(), order: ({ at }) => at },
    { title: 'Pool', cell: ({ pool }) => pool || '–', order: ({ pool }) => pool },
    {
      title: 'Input',
      cell: ({ input_bytes: size }) => (size === null ? 'expired' : bytes(size)),
      order: ({ input_bytes: size }) => size,
      isNumber: true,
    },
    { title: 'Actions', cell: actions },
  ]
}
