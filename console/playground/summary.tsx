import { count } from '../design/format.ts'
import { isOver, mayEndOtherwise, type Photo } from './photo.ts'
import type { PhotoBoard } from './photo-board.ts'

/** How far all photos are, and what may be done with all of them; nothing where there are fewer than two. */
export function Summary({ photos, board }: { photos: readonly Photo[]; board: PhotoBoard }) {
  if (photos.length < 2) return null
  const over = photos.filter(isOver)
  const pending = photos.filter((photo) => !isOver(photo))
  const failed = over.filter(({ state }) => state !== 'succeeded' && state !== 'canceled')
  const again = failed.filter(mayEndOtherwise)
  const all = (some: readonly Photo[], act: (id: number) => void) => () => {
    for (const { id } of some) act(id)
  }
  return (
    <section class="summary" aria-label="All photos">
      <p>
        <strong>{count(photos.length, 'photo')}</strong>: {over.length - failed.length} done
        {pending.length > 0 && `, ${pending.length} on the way`}
        {failed.length > 0 && `, ${failed.length} without a result`}
      </p>
      <progress max={photos.length} value={over.length} aria-label="Photos that are done" />
      <div class="actions">
        {again.length > 0 && (
          <button type="button" onClick={all(again, (id) => board.again(id))}>
            Try those again
          </button>
        )}
        {pending.length > 0 && (
          <button type="button" onClick={all(pending, (id) => void board.cancel(id))}>
            Cancel all
          </button>
        )}
        {over.length > 0 && (
          <button type="button" onClick={all(over, (id) => board.remove(id))}>
            Clear what is done
          </button>
        )}
      </div>
    </section>
  )
}
