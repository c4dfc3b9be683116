import { useEffect, useState } from 'preact/hooks'
import { PageFrame } from '../design/page-frame.tsx'
import { ApiKeyPanel } from '../session/api-key-panel.tsx'
import { useApiKey } from '../session/use-api-key.ts'
import { Announcements } from './announcements.tsx'
import { Intake } from './intake.tsx'
import { ModelPicker } from './model-picker.tsx'
import { PhotoBoard } from './photo-board.ts'
import { PhotoCard } from './photo-card.tsx'
import './playground.css'
import { Summary } from './summary.tsx'
import { useModels } from './use-models.ts'
import { usePhotos } from './use-photos.ts'

/** The page at `/`: photos go in, and one sees what becomes of them. `origin`: of the service. */
export function Playground({ origin }: { origin: string }) {
  const [apiKey, setApiKey] = useApiKey()
  const [keyIsShown, showKey] = useState(false)
  const [model, setModel] = useState<string>()
  const [board] = useState(() => new PhotoBoard(origin, apiKey))
  const photos = usePhotos(board)
  const known = useModels(origin, apiKey)
  board.apiKey = apiKey
  const chosen = model ?? known.models?.[0]?.name
  const refusedKey = known.problem?.code === 'unauthorized' ? known.problem.detail : undefined
  useEffect(() => {
    if (refusedKey !== undefined) showKey(true)
  }, [refusedKey])

  const keyButton = (
    <button type="button" class="quiet" aria-expanded={keyIsShown} onClick={() => showKey(!keyIsShown)}>
      API key <span class={`dot ${apiKey === undefined ? '' : 'dot-on'}`} aria-hidden="true" />
      <span class="visually-hidden">{apiKey === undefined ? '(none)' : '(set)'}</span>
    </button>
  )
  return (
    <PageFrame current="playground" aside={keyButton}>
      {keyIsShown && (
        <ApiKeyPanel
          apiKey={apiKey}
          reason={refusedKey}
          hint="Whoever runs this service makes one with npx edgebatch keys create."
          onChange={setApiKey}
          onClose={() => showKey(false)}
        />
      )}
      <div class="intro">
        <h1>Playground</h1>
        <p>Give a model a photo, and see what it says and where the time goes.</p>
      </div>
      <ModelPicker known={known} model={chosen} onChange={setModel} />
      <Intake isEmpty={photos.length === 0} onFiles={(files) => board.add(files, chosen)} />
      <Summary photos={photos} board={board} />
      <ul class="photos" aria-label="Photos">
        {photos.map((photo) => (
          <li key={photo.id}>
            <PhotoCard
              photo={photo}
              board={board}
              models={known.models}
              origin={origin}
              keyed={apiKey !== undefined}
            />
          </li>
        ))}
      </ul>
      <Announcements photos={photos} />
    </PageFrame>
  )
}
