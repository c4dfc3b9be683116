/** What of a file a response says it carries. Bytes. */
export interface ResponseRange {
  /** Where in the file the body begins; NaN where the server does not say. */
  start: number
  /** How long all of the file is; undefined where the server does not say. */
  total: number | undefined
}

interface Reply {
  status: number
  headers: { get(name: string): string | null }
}

/** A server may send all of a file though a part was asked for, and may send less than was asked for. */
export function rangeOf({ status, headers }: Reply): ResponseRange {
  if (status !== 206) return { start: 0, total: contentLength(headers) }
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? []
  return {
    start: start === undefined ? Number.NaN : Number(start),
    total: total === undefined || total === '*' ? undefined : Number(total),
  }
}

/** Of a body that was packed on its way, the length says nothing of the file. */
function contentLength(headers: Reply['headers']): number | undefined {
  const length = headers.get('content-length')
  const coding = headers.get('content-encoding') ?? 'identity'
  return length === null || coding !== 'identity' ? undefined : Number(length)
}

/**
 * What a server calls the version of a file. A weak entity tag does not promise the same bytes, so nothing is continued on its
 * word.
 */
export function versionOf({ headers }: Reply): string | undefined {
  const etag = headers.get('etag')
  return (etag && !etag.startsWith('W/') ? etag : headers.get('last-modified')) ?? undefined
}
