import { describe, expect, test } from 'vitest'
import type { Resize } from './model-manifest.ts'
import type { Orientation } from './orientation.ts'
import { planResize } from './resize-plan.ts'

const cover: Resize = { mode: 'cover', size: 256, crop: 224, kernel: 'triangle' }
const contain: Resize = { ...cover, mode: 'contain', size: 224 }
const stretch: Resize = { ...contain, mode: 'stretch' }
const plan = (resize: Resize, width: number, height: number, orientation: Orientation = 1) =>
  planResize(resize, { width, height, orientation })

describe('planResize', () => {
  test('cover scales the short side to size and cuts out the middle', () => {
    expect(plan(cover, 640, 480)).toMatchObject({
      columns: { source: 640, scaled: 341, offset: 58, count: 224 },
      rows: { source: 480, scaled: 256, offset: 16, count: 224 },
      left: 0,
      top: 0,
    })
    expect(plan(cover, 480, 640)).toMatchObject({ columns: { scaled: 256 }, rows: { scaled: 341 } })
  })

  test('cover rounds like torchvision: the long side down, half a pixel to the even neighbour', () => {
    expect(plan(cover, 343, 256).columns).toMatchObject({ scaled: 343, offset: 60 })
    expect(plan(cover, 345, 256).columns).toMatchObject({ scaled: 345, offset: 60 })
    expect(plan(cover, 10007, 5004).columns.scaled).toBe(511)
  })

  test('contain scales the long side to size and centres the rest', () => {
    expect(plan(contain, 640, 480)).toMatchObject({
      columns: { scaled: 224, offset: 0, count: 224 },
      rows: { scaled: 168, offset: 0, count: 168 },
      left: 0,
      top: 28,
    })
    expect(plan(contain, 1, 3000)).toMatchObject({ columns: { scaled: 1, count: 1 }, rows: { count: 224 } })
  })

  test('stretch scales both sides to size', () => {
    expect(plan(stretch, 640, 100)).toMatchObject({
      columns: { source: 640, scaled: 224, offset: 0, count: 224 },
      rows: { source: 100, scaled: 224, offset: 0, count: 224 },
    })
  })

  test('a picture on its side has its axes swapped', () => {
    const upright = plan(cover, 480, 640)
    for (const orientation of [5, 6, 7, 8] as const) {
      const lying = plan(cover, 640, 480, orientation)
      expect(lying.columns).toMatchObject({ source: 640, scaled: upright.rows.scaled })
      expect(lying.rows).toMatchObject({ source: 480, scaled: upright.columns.scaled })
    }
  })

  test('a mirrored axis is cut at the same pixels, counted from its other end', () => {
    expect(plan(cover, 640, 480, 1).columns.offset).toBe(58)
    expect(plan(cover, 640, 480, 2).columns.offset).toBe(341 - 224 - 58)
    expect(plan(cover, 480, 640, 4).rows.offset).toBe(341 - 224 - 58)
    expect(plan(cover, 640, 480, 8).columns.offset).toBe(341 - 224 - 58)
  })
})
