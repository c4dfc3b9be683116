import { describe, expect, test } from 'vitest'
import type { Resize } from '../../shared/model-manifest.ts'
import { codecs } from '../../test/support/node-codecs.ts'
import { photoDecoderSuite } from '../../test/support/photo-decoder-suite.ts'
import { photoRules } from '../../test/support/photo-rules.ts'
import { scene } from '../../test/support/scene.ts'
import { photoToTensor } from './photo-to-tensor.ts'

photoDecoderSuite({ name: 'photoToTensor', decode: (bytes, rules) => photoToTensor(bytes, rules, codecs) })

describe('photoToTensor', () => {
  const COVER: Resize = { mode: 'cover', size: 64, crop: 56, kernel: 'triangle' }

  test('keeps one instance a codec: a hundred photos take no more memory than one', async () => {
    const file = await scene(1500, 1000).jpeg().toBuffer()
    await photoToTensor(file, photoRules(COVER), codecs)
    const before = codecs.memoryBytes().jpeg
    for (let i = 0; i < 100; i++) await photoToTensor(file, photoRules(COVER), codecs)
    expect(codecs.memoryBytes().jpeg).toBe(before)
  })
})
