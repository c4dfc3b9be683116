import { useEffect, useState } from 'preact/hooks'
import { isOver, type Photo } from './photo.ts'
import { statusText } from './status-text.ts'

/** How far a photo is, in a line. */
export function StatusLine({ photo }: { photo: Photo }) {
  const now = useNow(photo.state === 'held')
  const isBusy = !isOver(photo)
  return (
    <p class="status" data-state={photo.state}>
      {isBusy && <span class="pulse" aria-hidden="true" />}
      {statusText(photo, now)}
    </p>
  )
}

/** This machine's clock in ms, each second while `ticking`. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!ticking) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [ticking])
  return now
}
