import { expect, inject, test } from 'vitest'
import jpeg from '../../edge/image/jpeg/libjpeg/libjpeg.wasm'
import { photoToTensor } from '../../edge/image/photo-to-tensor.ts'
import png from '../../edge/image/png/png-decoder.wasm'
import resizer from '../../edge/image/resize/resizer.wasm'
import { createWasmCodecs } from '../../edge/image/wasm-codecs.ts'
import webp from '../../edge/image/webp/libwebp/libwebp.wasm'
import { photoRules } from '../support/photo-rules.ts'
import type {} from './sharp-reference.ts'

const RULES = photoRules({ mode: 'cover', size: 256, crop: 224, kernel: 'cubic' })
const codecs = createWasmCodecs({ jpeg, png, webp, resizer })

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

test.each(inject('sharpReferences'))(
  'in workerd, $name becomes what sharp makes of it',
  async ({ photo, expected }) => {
    const tensor = await photoToTensor(bytesOf(photo), RULES, codecs)
    const reference = bytesOf(expected)
    expect(tensor.length).toBe(224 * 224 * 3)
    let [absolute, signed] = [0, 0]
    for (let i = 0; i < tensor.length; i++) {
      const difference = (tensor[i] as number) - (reference[i] as number)
      absolute += Math.abs(difference)
      signed += difference
    }
    expect(absolute / tensor.length).toBeLessThanOrEqual(1)
    expect(Math.abs(signed / tensor.length)).toBeLessThanOrEqual(0.3)
  },
)

test('in workerd, a truncated JPEG is refused and the next photo decodes as before', async () => {
  const photo = bytesOf(inject('sharpReferences')[0]?.photo ?? '')
  const before = await photoToTensor(photo, RULES, codecs)
  await expect(photoToTensor(photo.subarray(0, photo.length / 2), RULES, codecs)).rejects.toMatchObject({
    code: 'undecodable-image',
  })
  expect(await photoToTensor(photo, RULES, codecs)).toEqual(before)
})
