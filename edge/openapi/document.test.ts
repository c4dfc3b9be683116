import { validate } from '@hyperjump/json-schema/openapi-3-1'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { PROBLEMS } from '../../shared/errors.ts'
import { composedEdge } from '../../test/support/composed-edge.ts'
import { API_VERSION, type OpenApiDocument, openApiDocument } from './document.ts'

const document = openApiDocument({ origin: 'https://edge.example', allowAnonymous: true })
/** By the names that the specification gives them. */
const METHODS = ['get', 'put', 'post', 'delete', 'patch']

test('the document is valid OpenAPI 3.1', async () => {
  const output = await validate('https://spec.openapis.org/oas/3.1/schema-base', document as never, 'BASIC')
  expect(output).toEqual({ valid: true })
})

test('one that is not is told apart', async () => {
  const damaged = { ...document, paths: { '/predict': { post: { responses: { 200: { content: {} } } } } } }
  const output = await validate('https://spec.openapis.org/oas/3.1/schema-base', damaged as never, 'BASIC')
  expect(output.valid).toBe(false)
})

test('it lists the routes that the app has, and no others; files that pages load are no part of the API', () => {
  const served = composedEdge()
    .routes.filter(
      ({ method, path }) => METHODS.includes(method.toLowerCase()) && !path.startsWith('/assets/'),
    )
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect([...new Set(served)].sort()).toEqual(listed.sort())
})

test('every reference leads somewhere, and every component is referred to', () => {
  const targets = new Set(
    Object.entries(document.components)
      .filter(([kind]) => kind !== 'securitySchemes')
      .flatMap(([kind, named]) => Object.keys(named).map((name) => `#/components/${kind}/${name}`)),
  )
  const references = new Set(JSON.stringify(document).match(/(?<="\$ref":")[^"]+/g))
  expect([...references].sort()).toEqual([...targets].sort())
})

test('every parameter that a path names is described', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const { parameters = [] } of Object.values(methods) as { parameters?: { $ref: string }[] }[]) {
      const inPath = parameters
        .map(({ $ref }) => document.components.parameters[$ref.split('/').at(-1) ?? ''])
        .flatMap((parameter) => (parameter?.in === 'path' ? [parameter.name] : []))
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    }
  }
})

test('every problem is listed with a route, but for those that only jobs end with, and those of addresses that are none', () => {
  const elsewhere = [
    'route-not-found',
    'method-not-allowed',
    'job-expired',
    'unreadable-input',
    'inference-failed',
    'attempts-exhausted',
  ]
  const listed = new Set(JSON.stringify(document.paths).match(/(?<=`)[a-z-]+(?=`: )/g))
  expect([...listed].sort()).toEqual(
    Object.keys(PROBLEMS)
      .filter((code) => !elsewhere.includes(code))
      .sort(),
  )
})

test('operation ids are one of a kind', () => {
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

test('its version is the package’s', () => {
  expect(API_VERSION).toBe(packageJson.version)
})

test('it says where it was asked for, and whether an API key is needed', async () => {
  for (const [ALLOW_ANONYMOUS, security] of [
    ['true', [{ apiKey: [] }, {}]],
    ['false', [{ apiKey: [] }]],
  ] as const) {
    const app = composedEdge({ ALLOW_ANONYMOUS })
    for (const origin of ['https://a.example', 'http://b.example:8787']) {
      const response = await app.request(`${origin}/openapi.json`)
      expect(response.status).toBe(200)
      const served = (await response.json()) as OpenApiDocument
      expect(served).toMatchObject({ servers: [{ url: origin }], security })
    }
  }
})
