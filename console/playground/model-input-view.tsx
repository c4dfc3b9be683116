import { useEffect, useRef, useState } from 'preact/hooks'
import type { PublicVersion } from '../../shared/public-models.ts'
import { modelInput, withDecoded } from './model-input.ts'

const MODES = { cover: 'the middle is cut out', contain: 'on black bars', stretch: 'stretched' } as const

/** What the model saw of a photo, pixel by pixel. `version`: undefined while it is not known. */
export function ModelInput({ file, version }: { file: File; version: PublicVersion | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [state, setState] = useState<'drawing' | 'drawn' | 'unknown type'>('drawing')
  const resize = version?.resize
  const key = JSON.stringify(resize)
  // Models are asked for now and then, and mostly are the same: `key` is what `resize` says.
  useEffect(() => {
    if (!resize) return
    let isGone = false
    const draw = (photo: ImageBitmap) => {
      canvas.current?.getContext('2d')?.putImageData(modelInput(photo, resize), 0, 0)
      setState('drawn')
    }
    withDecoded(file, () => !isGone, draw).catch(() => {
      if (!isGone) setState('unknown type')
    })
    return () => {
      isGone = true
    }
  }, [file, key])
  if (!resize) return null
  const { crop, mode } = resize
  return (
    <figure class="model-input" aria-busy={state === 'drawing'}>
      {state !== 'unknown type' ? (
        <canvas
          ref={canvas}
          width={crop}
          height={crop}
          role="img"
          aria-label={`What the model sees of ${file.name}`}
        />
      ) : (
        <p class="model-input-missing">This browser cannot show this type of photo.</p>
      )}
      <figcaption>
        What the model sees: {crop} × {crop} pixels, {MODES[mode]}
        {state === 'drawn' && '. Decoded by your browser, which may differ by a shade.'}
      </figcaption>
    </figure>
  )
}
