import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { type Call, LANGUAGES, type Language, snippetOf } from './snippets.ts'

const CALL: Call = { origin: 'https://edge.example', model: undefined, fileName: 'cat.jpg', keyed: false }

/** What a POSIX shell would run, one argument a line. */
function argumentsOf(snippet: string): string[] {
  const script = `curl() { for argument; do printf '%s\\n' "$argument"; done; }\n${snippet}`
  const env = { EDGEBATCH_API_KEY: 'eb_key' }
  return execFileSync('/bin/sh', ['-c', script], { env }).toString().trimEnd().split('\n')
}

test('curl sends the photo, with the key that is in the environment', () => {
  expect(argumentsOf(snippetOf('curl', { ...CALL, keyed: true }))).toEqual([
    'https://edge.example/predict',
    '-H',
    'Authorization: Bearer eb_key',
    '-F',
    'image=@"cat.jpg"',
  ])
})

test('names the shell or curl would take for more are names all the same', () => {
  const fileName = `it's "my" $(photo);,\\.jpg`
  expect(argumentsOf(snippetOf('curl', { ...CALL, fileName })).at(-1)).toBe(
    String.raw`image=@"it's \"my\" $(photo);,\\.jpg"`,
  )
})

test.each(Object.keys(LANGUAGES) as Language[])('%s names the model and its version', (language) => {
  const snippet = snippetOf(language, { ...CALL, model: 'resnet50@2' })
  expect(snippet).toMatch(/model(=|: ")resnet50/)
  expect(snippet).toMatch(/version(=|: ")2/)
  expect(snippetOf(language, CALL)).not.toContain('version')
})

test.each(['typescript', 'python'] as const)('%s speaks of a key only where there is one', (language) => {
  expect(snippetOf(language, CALL)).not.toContain('EDGEBATCH_API_KEY')
  expect(snippetOf(language, { ...CALL, keyed: true })).toContain('EDGEBATCH_API_KEY')
})
