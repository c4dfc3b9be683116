import { useEffect, useState } from 'preact/hooks'
import type { Photo } from './photo.ts'
import type { PhotoBoard } from './photo-board.ts'

/** The board's photos, as they change. */
export function usePhotos(board: PhotoBoard): readonly Photo[] {
  const [photos, setPhotos] = useState(board.photos)
  useEffect(() => board.subscribe(() => setPhotos(board.photos)), [board])
  return photos
}
