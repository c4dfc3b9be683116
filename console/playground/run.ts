import { EdgebatchClient } from '../../client/edgebatch-client.ts'
import type { ClientOptions } from '../../client/options.ts'
import type { Photo } from './photo.ts'

/** A photo's way through the service, from the page to the end of its job. */
export interface Run {
  /** The service's address. */
  baseUrl: string
  /** Asked for once, when the photo's turn has come: what follows its job is for the same caller. */
  apiKey: () => string | undefined
  /** What has changed of the photo. */
  onChange: (change: Partial<Photo>) => void
  signal: AbortSignal
}

/** Who asks the service for a run. */
export function clientFor(
  { baseUrl, apiKey }: Pick<Run, 'baseUrl' | 'apiKey'>,
  options: Omit<ClientOptions, 'baseUrl' | 'apiKey'> = {},
): EdgebatchClient {
  const key = apiKey()
  return new EdgebatchClient({ baseUrl, ...(key !== undefined && { apiKey: key }), ...options })
}
