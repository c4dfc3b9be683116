import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../shared/errors.ts'
import { formParts } from './multipart.ts'

const TYPE = 'multipart/form-data; boundary=x'
const bytes = (text: string) => Buffer.from(text, 'latin1')
const part = (name: string, content: string) =>
  `--x\r\nContent-Disposition: form-data; name="${name}"; filename="a"\r\nContent-Type: image/jpeg\r\n\r\n${content}\r\n`
const contents = (body: string, type = TYPE) =>
  formParts(bytes(body), type).map(({ name, data }) => [name, Buffer.from(data).toString('latin1')])

describe('formParts', () => {
  test('gives what any client’s form holds, byte by byte', async () => {
    const files = fc.array(
      fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), data: fc.uint8Array({ maxLength: 300 }) }),
      { maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(files, async (given) => {
        const form = new FormData()
        for (const { name, data } of given) form.append(name, new Blob([new Uint8Array(data)]), 'f')
        const request = new Request('http://x', { method: 'POST', body: form })
        const body = new Uint8Array(await request.arrayBuffer())
        const parts = formParts(body, request.headers.get('content-type') ?? '')
        expect(parts.map(({ name, data }) => [name, [...data]])).toEqual(
          given.map(({ name, data }) => [name, [...data]]),
        )
      }),
      { seed: 3 },
    )
  })

  test('copies nothing', () => {
    const body = bytes(`${part('image', 'abc')}--x--\r\n`)
    expect(formParts(body, TYPE)[0]?.data.buffer).toBe(body.buffer)
  })

  test('tells files from text', async () => {
    const form = new FormData()
    form.append('text', 'hello')
    form.append('file', new Blob(['hello']), 'a')
    const request = new Request('http://x', { method: 'POST', body: form })
    const body = new Uint8Array(await request.arrayBuffer())
    const parts = formParts(body, request.headers.get('content-type') ?? '')
    expect(parts.map(({ name, isFile }) => [name, isFile])).toEqual([
      ['text', false],
      ['file', true],
    ])
  })

  test('leaves line breaks, dashes and near misses of the boundary in the content', () => {
    for (const content of [
      '',
      '\r\n',
      '\r\n\r\n',
      '--x',
      '\r\n--',
      '\r\n--xy',
      '\r\n--x-',
      '\r\n--y--\r\n',
      '\n--x--\n',
    ]) {
      expect(contents(`${part('image', content)}--x--\r\n`)).toEqual([['image', content]])
    }
  })

  test('takes a preamble, an epilogue, white space after a boundary, and quotes around it', () => {
    const padded = part('image', 'abc').replace('--x', 'preamble\r\n--x \t')
    expect(
      contents(`${padded}--x--\r\nepilogue`, 'multipart/form-data; charset=utf-8; boundary="x"'),
    ).toEqual([['image', 'abc']])
  })

  test.each([
    ['a folded header', 'form-data;\r\n name="image"; filename="a"', ['image', true]],
    ['a name within another parameter', 'form-data; filename="x; name=y"; name="image"', ['image', true]],
    [
      'a file name within another parameter',
      'form-data; name="image"; note="; filename=x"',
      ['image', false],
    ],
    ['white space around =', 'form-data; name = image ; filename = a', ['image', true]],
    ['an encoded file name only', "form-data; name=image; filename*=UTF-8''a", ['image', true]],
  ])('reads %s', (_, header, expected) => {
    const body = bytes(`--x\r\nContent-Disposition: ${header}\r\n\r\nabc\r\n--x--`)
    expect(formParts(body, TYPE).map(({ name, isFile }) => [name, isFile])).toEqual([expected])
  })

  test.each([
    ['nothing', ''],
    ['no boundary anywhere', 'abc'],
    ['no end', part('image', 'abc')],
    ['an end that is cut', `${part('image', 'abc')}--x-`],
    ['a part cut within its headers', '--x\r\nContent-Disposition: form-data'],
    ['headers without an end', `--x\r\n${'a: b\r\n'.repeat(5_000)}\r\n--x--`],
    ['a part without a name', '--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--'],
    ['a part without a disposition', '--x\r\n\r\nabc\r\n--x--'],
    ['text after a boundary', '--x abc\r\n\r\nabc\r\n--x--'],
    ['a thousand parts', `${part('image', '').repeat(1_000)}--x--`],
  ])('refuses %s', (_, body) => {
    expect(() => contents(body)).toThrow(expect.objectContaining({ code: 'invalid-request' }))
  })

  test.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ])('refuses a Content-Type without a boundary that may be one: %s', (type) => {
    expect(() => contents(`${part('image', 'abc')}--x--\r\n`, type)).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    )
  })

  test('whatever comes, there are parts or a ProblemError', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '--x',
        '--',
        '\r\n',
        '\r',
        '\n',
        ' ',
        'a',
        'content-disposition: form-data; name="n"',
        '; filename=""',
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(pieces, (given) => {
        try {
          formParts(bytes(given.join('')), TYPE)
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError)
        }
      }),
      { seed: 4, numRuns: 2_000 },
    )
  })
})
