import { useEffect, useRef } from 'preact/hooks'
import { withDecoded } from './model-input.ts'

/** Side in pixels; shown at half of it, as screens are sharp. */
const SIDE = 112

/** The middle of a photo, small. For the eye only; a grey square where the browser cannot decode it. */
export function Thumbnail({ file }: { file: File }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let isGone = false
    const draw = (photo: ImageBitmap) => {
      if (canvas.current) drawMiddle(photo, canvas.current)
    }
    // What this browser cannot decode stays grey.
    withDecoded(file, () => !isGone, draw).catch(() => {})
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
