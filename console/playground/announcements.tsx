import { useEffect, useRef, useState } from 'preact/hooks'
import { isOver, type Photo } from './photo.ts'
import { outcomeOf } from './status-text.ts'

/** Tells who does not see the page what has just come to an end. */
export function Announcements({ photos }: { photos: readonly Photo[] }) {
  const told = useRef(new Map<number, string>())
  const [said, setSaid] = useState('')
  useEffect(() => {
    const news = photos.filter((photo) => isOver(photo) && told.current.get(photo.id) !== photo.state)
    told.current = new Map(photos.map(({ id, state }) => [id, state]))
    if (news.length > 0) setSaid(news.map((photo) => `${photo.file.name}: ${outcomeOf(photo)}`).join('. '))
  }, [photos])
  return (
    <p class="visually-hidden" role="status">
      {said}
    </p>
  )
}
