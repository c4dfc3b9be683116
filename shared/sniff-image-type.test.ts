import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { sniffImageType } from './sniff-image-type.ts'

const blank = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
/** A `ftyp` box: its length, its name, the major brand, a version, the compatible brands. */
const ftyp = (major: string, compatible: string[] = []) =>
  latin1(`\0\0\0${String.fromCharCode(16 + 4 * compatible.length)}ftyp${major}\0\0\0\0${compatible.join('')}`)

describe('sniffImageType', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('knows %s', async (type) => {
    const options = type === 'avif' ? { effort: 0 } : {}
    expect(sniffImageType(await blank.clone().toFormat(type, options).toBuffer())).toBe(type)
  })

  test.each([
    ['heic', ftyp('heic', ['mif1', 'heic'])],
    ['heic', ftyp('hevc', ['msf1'])],
    ['heic', ftyp('mif1', ['mif1', 'heic'])],
    ['heic', ftyp('mif1')],
    ['avif', ftyp('mif1', ['mif1', 'miaf', 'avif'])],
    ['avif', ftyp('avis')],
    ['tiff', latin1('MM\0*')],
    ['jxl', latin1('\xff\x0a')],
    ['jxl', latin1('\0\0\0\x0cJXL \r\n\x87\n')],
    ['jp2', latin1('\0\0\0\x0cjP  \r\n\x87\n')],
    ['bmp', latin1('BM....')],
  ] as const)('knows %s by %s', (type, bytes) => {
    expect(sniffImageType(bytes)).toBe(type)
  })

  test('reads the view it was given, not the buffer behind it', async () => {
    const png = await blank.clone().png().toBuffer()
    expect(sniffImageType(Buffer.concat([Buffer.from('..'), png]).subarray(2))).toBe('png')
    expect(sniffImageType(Buffer.from([...ftyp('mif1'), ...latin1('avif')]).subarray(0, 16))).toBe('heic')
  })

  test('is undefined for text, SVG, PDF, videos, nothing, and magic bytes that are cut off', () => {
    for (const text of [
      '',
      'hello, world',
      '\xff\xd8',
      '\x89PNG',
      'RIFF....WAVE',
      'GIF',
      '<svg xmlns="http://www.w3.org/2000/svg"/>',
      '%PDF-1.7',
      '\0\0\0\x18ftypmp42\0\0\0\0isomheic',
      '\0\0\0\x18ftyp',
    ]) {
      expect(sniffImageType(latin1(text))).toBeUndefined()
    }
  })
})
