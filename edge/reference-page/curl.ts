import type { OpenApiDocument } from '../openapi/document.ts'
import type { Operation } from './operations.ts'

/** A line for the terminal that does the operation. */
export function curlOf(
  { method, path, requestBody, security }: Operation,
  { servers }: OpenApiDocument,
): string {
  const url = `${servers[0]?.url ?? ''}${path.replace(/\{(\w+)\}/, (_, name: string) => `$${name.toUpperCase()}`)}`
  return [
    'curl',
    method === 'GET' || requestBody ? undefined : `-X ${method}`,
    security ? undefined : '-H "Authorization: Bearer $EDGEBATCH_API_KEY"',
    requestBody ? '-F image=@photo.jpg' : undefined,
    `"${url}"`,
  ]
    .filter((part) => part !== undefined)
    .join(' ')
}
