import { describe, expect, test, vi } from 'vitest'
import type { PhotoDecoder } from '../../shared/photo-decoder.ts'
import { GOOD, hostilePhotoSuite, outcome } from '../../test/support/hostile-photo-suite.ts'
import { codecs } from '../../test/support/node-codecs.ts'
import { photoToTensor } from './photo-to-tensor.ts'

const decode: PhotoDecoder = (bytes, rules) => photoToTensor(bytes, rules, codecs)
const JPEG = GOOD['baseline JPEG']

hostilePhotoSuite(decode)

describe('a hostile upload', () => {
  test('a JPEG that claims 65,500 x 65,500 costs no memory', async () => {
    const before = codecs.memoryBytes()
    const bomb = Buffer.from(JPEG)
    const frame = bomb.indexOf(Uint8Array.of(0xff, 0xc0))
    bomb.fill(Buffer.from([0xff, 0xdc]), frame + 5, frame + 9)
    expect(await outcome(decode, bomb)).toBe('image-too-large')
    expect(codecs.memoryBytes()).toEqual(before)
  })

  test('damaged JPEGs do not make the decoder start anew', async () => {
    const table = JPEG.indexOf(Uint8Array.of(0xff, 0xc4))
    const badTable = Buffer.from(JPEG).fill(0xff, table + 5, table + 21)
    await outcome(decode, JPEG)
    const instances = vi.spyOn(WebAssembly, 'Instance')
    for (let i = 0; i < 40; i++) expect(await outcome(decode, badTable)).toBe('undecodable-image')
    expect(instances).not.toHaveBeenCalled()
    instances.mockRestore()
    expect(await outcome(decode, JPEG)).toBe('tensor')
  })
})
