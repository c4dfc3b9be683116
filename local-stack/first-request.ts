import { splitModelReference } from '../shared/model-reference.ts'

export interface FirstRequest {
  /** What the address of a request that works ends with. */
  query: string
  /** One line for who started it, where requests that name no model do not work. */
  warning?: string
}

/**
 * How a first request reaches a model. `served`: `name@version` of what the pools here serve; `chosen`: DEFAULT_MODEL, or empty. Pools elsewhere may serve
 * more, and more may come.
 */
export function firstRequest(served: readonly string[], chosen: string): FirstRequest {
  const models = served.map(splitModelReference)
  const [first, ...others] = new Set(models.map(({ name }) => name))
  if (first === undefined) return { query: '' }
  const query = `?model=${first}`
  if (chosen === '') {
    if (others.length === 0) return { query: '' }
    const names = [first, ...others].join(', ')
    return { query, warning: `DEFAULT_MODEL is not set: requests have to name a model (${names})` }
  }
  const { name, version } = splitModelReference(chosen)
  if (models.some((model) => model.name === name && model.version === (version ?? model.version)))
    return { query: '' }
  return {
    query,
    warning: `DEFAULT_MODEL is ${chosen}, which no pool here serves: requests have to name a model (${served.join(', ')})`,
  }
}
