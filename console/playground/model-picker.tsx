import { IMAGE_TYPE_NAMES } from '../../shared/image-type.ts'
import type { PublicModel, PublicVersion } from '../../shared/public-models.ts'
import type { KnownModels } from './use-models.ts'

interface ModelPickerProps {
  known: KnownModels
  /** `name` or `name@version`. */
  model: string | undefined
  onChange: (model: string) => void
  /** Opens what takes the API key. */
  onEnterKey: () => void
}

/** Which model photos are for, and what is to be known of it. */
export function ModelPicker({ known, model, onChange, onEnterKey }: ModelPickerProps) {
  const { models, problem, refresh } = known
  // Why is said where the key goes.
  if (!models && problem?.code === 'unauthorized')
    return (
      <p class="models-missing">
        Models are listed once there is an API key.{' '}
        <button type="button" class="quiet" onClick={onEnterKey}>
          Enter an API key
        </button>
      </p>
    )
  if (!models || models.length === 0) {
    const text = problem
      ? `${problem.title}. ${problem.detail}`
      : models
        ? 'No worker pool has announced a model yet.'
        : 'Asking which models there are'
    return (
      <p class="models-missing" role={problem ? 'alert' : undefined}>
        {text}{' '}
        {(problem || models) && (
          <button type="button" class="quiet" onClick={refresh}>
            Ask again
          </button>
        )}
      </p>
    )
  }
  const shown = versionOf(models, model) ?? (models[0] as PublicModel)
  return (
    <div class="model">
      <label for="model">Model</label>
      <select id="model" value={model} onChange={(event) => onChange(event.currentTarget.value)}>
        {models.flatMap(optionsOf)}
      </select>
      <p class="model-facts">{factsOf(shown).join(' · ')}</p>
    </div>
  )
}

/** The version that `model` names, or where it names none, the one that requests get. */
export function versionOf(
  models: readonly PublicModel[],
  model: string | undefined,
): PublicVersion | undefined {
  const [name, version] = model?.split('@') ?? []
  const found = models.find((known) => name === undefined || known.name === name)
  return version === undefined ? found : found?.versions.find((known) => known.version === version)
}

/** The default version first, as requests get it that name none. */
function optionsOf({ name, default_version: chosen, versions }: PublicModel) {
  const others = versions.filter(({ version }) => version !== chosen)
  return [
    ...(chosen === null
      ? []
      : [
          <option key={name} value={name}>
            {name} (version {chosen})
          </option>,
        ]),
    ...others.map(({ version }) => (
      <option key={`${name}@${version}`} value={`${name}@${version}`}>
        {name}, version {version}
      </option>
    )),
  ]
}

function factsOf({ task, input, image_types: types, live, pools }: PublicVersion): string[] {
  const [height, width] = input.shape
  return [
    task,
    `sees ${width} × ${height} pixels`,
    `takes ${types.map((type) => IMAGE_TYPE_NAMES[type]).join(', ')}`,
    live ? `${pools.count} ${pools.count === 1 ? 'pool' : 'pools'}` : 'no pool now: photos wait',
  ]
}
