import { ALL } from './samples.ts'

/** What the charts show: from when the page was opened, or the last hour. */
export type Span = 'live' | 'hour'

const SPANS = [
  ['live', 'Live'],
  ['hour', 'Last hour'],
] as const

interface ToolbarProps {
  span: Span
  isPaused: boolean
  version: string
  /** `name@version`. */
  versions: readonly string[]
  onSpan: (span: Span) => void
  onPause: (isPaused: boolean) => void
  onVersion: (version: string) => void
}

export function Toolbar({ span, isPaused, version, versions, onSpan, onPause, onVersion }: ToolbarProps) {
  return (
    <div class="actions">
      <label class="visually-hidden" for="version">
        Version
      </label>
      <select id="version" value={version} onChange={(event) => onVersion(event.currentTarget.value)}>
        <option value={ALL}>All models</option>
        {versions.map((id) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
      <fieldset class="segments">
        <legend class="visually-hidden">Charts show</legend>
        {SPANS.map(([name, title]) => (
          <button key={name} type="button" aria-pressed={span === name} onClick={() => onSpan(name)}>
            {title}
          </button>
        ))}
      </fieldset>
      <button type="button" aria-pressed={isPaused} onClick={() => onPause(!isPaused)}>
        Pause
      </button>
    </div>
  )
}
