import { useState } from 'preact/hooks'
import { PageFrame } from '../design/page-frame.tsx'
import { ApiKeyPanel } from '../session/api-key-panel.tsx'
import { KeyButton } from '../session/key-button.tsx'
import type { Problem } from '../session/problem.ts'
import { useApiKey } from '../session/use-api-key.ts'
import { useKeyPanel } from '../session/use-key-panel.ts'
import { Announcements } from './announcements.tsx'
import { Intake } from './intake.tsx'
import { ModelPicker } from './model-picker.tsx'
import { PhotoBoard } from './photo-board.ts'
import { PhotoItem } from './photo-card.tsx'
import './playground.css'
import { preselected } from './preselected-model.ts'
import { Summary } from './summary.tsx'
import { useModels } from './use-models.ts'
import { usePhotos } from './use-photos.ts'

/** The service's words are for who sends a header; where there is no key yet, this page has its own. */
function reasonOf({ detail }: Problem, apiKey: string | undefined): string {
  return apiKey === undefined ? 'This service asks for an API key. Paste yours here.' : detail
}

/** The page at `/`: photos go in, and one sees what becomes of them. `origin`: of the service. */
export function Playground({ origin }: { origin: string }) {
  const [apiKey, setApiKey] = useApiKey()
  const [model, setModel] = useState<string>()
  const [board] = useState(() => new PhotoBoard(origin, apiKey))
  const photos = usePhotos(board)
  const known = useModels(origin, apiKey)
  board.apiKey = apiKey
  const chosen = model ?? preselected(known.models ?? [])
  board.model = chosen
  const refusedKey = known.problem?.code === 'unauthorized' ? reasonOf(known.problem, apiKey) : undefined
  const panel = useKeyPanel(refusedKey, known.isAccepted)
  return (
    <PageFrame current="playground" aside={<KeyButton panel={panel} isSet={apiKey !== undefined} />}>
      {panel.isShown && (
        <ApiKeyPanel
          apiKey={apiKey}
          reason={refusedKey}
          command="npx edgebatch keys create"
          onChange={setApiKey}
          onClose={panel.close}
        />
      )}
      <div class="intro">
        <h1>Playground</h1>
        <p>Give a model a photo, and see what it says and where the time goes.</p>
      </div>
      <ModelPicker known={known} model={chosen} onChange={setModel} onEnterKey={() => panel.show(true)} />
      <Intake isEmpty={photos.length === 0} onFiles={(files) => board.add(files)} />
      <Summary photos={photos} board={board} />
      <ul class="photos" aria-label="Photos">
        {photos.map((photo) => (
          <li key={photo.id}>
            <PhotoItem
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
