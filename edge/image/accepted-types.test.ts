import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../shared/errors.ts'
import { acceptedImageType } from './accepted-types.ts'

const blank = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))

function problemOf(bytes: Uint8Array): ProblemError {
  try {
    acceptedImageType(bytes)
  } catch (error) {
    if (error instanceof ProblemError) return error
  }
  throw new Error('expected a ProblemError')
}

describe('acceptedImageType', () => {
  test('knows JPEG, PNG, WebP and GIF by their first bytes', async () => {
    expect(acceptedImageType(await blank.clone().jpeg().toBuffer())).toBe('jpeg')
    expect(acceptedImageType(await blank.clone().png().toBuffer())).toBe('png')
    expect(acceptedImageType(await blank.clone().webp().toBuffer())).toBe('webp')
    expect(acceptedImageType(await blank.clone().gif().toBuffer())).toBe('gif')
    expect(acceptedImageType(latin1('GIF87a'))).toBe('gif')
  })

  test('reads the view it was given, not the buffer behind it', async () => {
    const png = await blank.clone().png().toBuffer()
    expect(acceptedImageType(Buffer.concat([Buffer.from('..'), png]).subarray(2))).toBe('png')
  })

  test('0 bytes are an empty image', () => {
    expect(problemOf(new Uint8Array())).toMatchObject({ code: 'empty-image' })
  })

  test('names a common format that it does not take', async () => {
    const tiff = await blank.clone().tiff().toBuffer()
    const avif = await blank.clone().avif({ effort: 0 }).toBuffer()
    const named = {
      TIFF: tiff,
      AVIF: avif,
      HEIC: latin1('\0\0\0\x18ftypheic'),
      BMP: latin1('BM....'),
    }
    for (const [name, bytes] of Object.entries(named)) {
      expect(problemOf(bytes)).toMatchObject({
        code: 'unsupported-image',
        detail: expect.stringContaining(name),
      })
    }
  })

  test('names SVG, with or without a declaration, but no other XML', () => {
    const declared = latin1('<?xml version="1.0"?>\n<!-- logo -->\n<svg xmlns="http://www.w3.org/2000/svg">')
    expect(problemOf(declared).detail).toContain('SVG')
    expect(problemOf(latin1('  <svg width="1">')).detail).toContain('SVG')
    expect(problemOf(latin1('<html><body>')).detail).not.toContain('SVG')
  })

  test('refuses text, and magic bytes that are cut off', () => {
    for (const text of ['hello, world', '\xff\xd8', '\x89PNG', 'RIFF....WAVE', 'GIF', 'GIF88a']) {
      expect(problemOf(latin1(text))).toMatchObject({ code: 'unsupported-image' })
    }
  })
})
