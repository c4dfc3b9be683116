import { duration } from '../design/format.ts'
import { isOver, type Photo } from './photo.ts'
import { timeSplit } from './time-split.ts'

/** Where the time went: a bar of the parts, and each with its milliseconds. Nothing before the end, or where nothing was measured. */
export function TimeSplit({ photo }: { photo: Photo }) {
  const parts = timeSplit(photo)
  if (!isOver(photo) || !photo.job || parts.length === 0) return null
  const all = parts.reduce((sum, { ms }) => sum + ms, 0) || 1
  return (
    <section class="times" aria-label="Where the time went">
      <h3>Where the time went</h3>
      <div class="times-bar" aria-hidden="true">
        {parts.map(({ name, ms }) => (
          <span key={name} class={`time-${name.toLowerCase()}`} style={{ width: `${(ms / all) * 100}%` }} />
        ))}
      </div>
      <dl>
        {parts.map(({ name, meaning, ms }) => (
          <div key={name} title={meaning}>
            <dt>
              <span class={`swatch time-${name.toLowerCase()}`} aria-hidden="true" /> {name}
            </dt>
            <dd>{duration(ms)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
