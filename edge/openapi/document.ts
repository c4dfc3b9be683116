import { administrationPaths } from './administration-operations.ts'
import { componentSchemas } from './components.ts'
import type { JsonSchema } from './json-schema.ts'
import type { Paths } from './operation.ts'
import { componentParameters } from './parameters.ts'
import { predictPaths } from './predict-operation.ts'
import { componentHeaders } from './response-headers.ts'
import { resultPaths } from './result-operations.ts'
import { servicePaths } from './service-operations.ts'

/** package.json's, which a Worker does not have at hand; document.test.ts holds them together. */
export const API_VERSION = '0.1.0'

/** OpenAPI 3.1, as far as our own code reads it. */
export interface OpenApiDocument {
  openapi: '3.1.1'
  info: { title: string; version: string; description: string; license: JsonSchema }
  servers: { url: string }[]
  security: Record<string, string[]>[]
  tags: { name: string; description: string }[]
  paths: Paths
  components: Record<'schemas' | 'parameters' | 'headers' | 'securitySchemes', Record<string, JsonSchema>>
}

export interface DocumentOptions {
  /** Scheme and host that the caller used. */
  origin: string
  /** Whether who sends no API key is served. */
  allowAnonymous: boolean
}

/** The HTTP API, from the schemas that validate and show what goes through it. */
export function openApiDocument({ origin, allowAnonymous }: DocumentOptions): OpenApiDocument {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Edgebatch',
      version: API_VERSION,
      description: [
        'Image models behind one API: send an image, get labels, an embedding or tensors.',
        'Every answer has `X-Request-Id`, and `Server-Timing` where something took time.',
        'Whatever goes wrong is told as a problem (RFC 9457) with a `code`.',
        'An address that is not listed answers 404 `route-not-found`, a method that is not listed 405 `method-not-allowed` with `Allow`.',
      ].join(' '),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: origin }],
    security: [{ apiKey: [] }, ...(allowAnonymous ? [{}] : [])],
    tags: [
      { name: 'Jobs', description: 'Running models on images.' },
      { name: 'Service', description: 'What there is, and how it is doing.' },
      { name: 'Administration', description: 'What who runs the service sees and does.' },
    ],
    paths: { ...predictPaths, ...resultPaths, ...servicePaths, ...administrationPaths },
    components: {
      schemas: componentSchemas(),
      parameters: componentParameters(),
      headers: componentHeaders(),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `Authorization: Bearer eb_...`' },
      },
    },
  }
}
