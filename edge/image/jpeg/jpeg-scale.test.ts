import { describe, expect, test } from 'vitest'
import type { Resize } from '../../../shared/model-manifest.ts'
import { planResize } from '../../../shared/resize-plan.ts'
import { chooseScale, reducedLength } from './jpeg-scale.ts'

const cover: Resize = { mode: 'cover', size: 256, crop: 224, kernel: 'triangle' }
const choose = (width: number, height: number, resize = cover) =>
  chooseScale(planResize(resize, { width, height, orientation: 1 }))

describe('chooseScale', () => {
  test('leaves at least twice the pixels that the model needs', () => {
    expect(choose(4000, 3000)).toBe(2)
    expect(choose(8192, 6144)).toBe(1)
    expect(choose(4096, 2048)).toBe(2)
    expect(choose(4096, 2047)).toBe(4)
    expect(choose(2048, 1024)).toBe(4)
    expect(choose(2048, 1023)).toBe(8)
    expect(choose(683, 512)).toBe(8)
  })

  test('decodes in full what has to be enlarged', () => {
    expect(choose(100, 100)).toBe(8)
    expect(choose(1, 1)).toBe(8)
    expect(choose(1, 3000, { ...cover, mode: 'stretch', size: 224 })).toBe(8)
  })

  test('contain needs less than cover, stretch as much as its closer side', () => {
    expect(choose(6000, 1000, { ...cover, mode: 'contain', size: 224 })).toBe(1)
    expect(choose(6000, 1000, { ...cover, mode: 'stretch', size: 224 })).toBe(4)
  })
})

test('reducedLength rounds up, as libjpeg does', () => {
  expect([1, 2, 4, 8].map((eighths) => reducedLength(5, eighths))).toEqual([1, 2, 3, 5])
  expect(reducedLength(16, 1)).toBe(2)
})
