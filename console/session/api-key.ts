/**
 * The API key, for this tab only: it outlives a reload, and ends with the tab. Where the browser forbids even that, it is in memory. It is shared
 * by the pages of the console.
 */
const NAME = 'edgebatch-api-key'

let inMemory: string | undefined

export function storedApiKey(): string | undefined {
  try {
    return sessionStorage.getItem(NAME) ?? undefined
  } catch {
    return inMemory
  }
}

/** `undefined` forgets it. */
export function storeApiKey(key: string | undefined): void {
  inMemory = key
  try {
    if (key === undefined) sessionStorage.removeItem(NAME)
    else sessionStorage.setItem(NAME, key)
  } catch {
    // In memory, then.
  }
}
