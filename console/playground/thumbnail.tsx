import pLimit from 'p-limit'
import { useEffect, useRef } from 'preact/hooks'
import { decodedPhoto } from './model-input.ts'

/** Side in pixels; shown at half of it, as screens are sharp. */
const SIDE = 112

/** A decoded photo is large: one at a time. */
const decoding = pLimit(1)

/** The middle of a photo, small. For the eye only; a grey square where the browser cannot decode it. */
export function Thumbnail({ file }: { file: File }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let isGone = false
    void decoding(async () => {
      if (isGone) return
      const photo = await decodedPhoto(file).catch(() => undefined)
      if (!photo) return
      if (canvas.current) drawMiddle(photo, canvas.current)
      photo.close()
    })
    return () => {
      isGone = true
    }
  }, [file])
  return (
    <span class="thumbnail" aria-hidden="true">
      <canvas ref={canvas} width={SIDE} height={SIDE} />
    </span>
  )
}

function drawMiddle(photo: ImageBitmap, canvas: HTMLCanvasElement): void {
  const side = Math.min(photo.width, photo.height)
  const context = canvas.getContext('2d')
  if (!context) return
  context.imageSmoothingQuality = 'high'
  context.drawImage(photo, (photo.width - side) / 2, (photo.height - side) / 2, side, side, 0, 0, SIDE, SIDE)
}
