import { expect, test } from 'vitest'
import { photosInBody } from '../../edge/photos-in-body.ts'

test('workerd decodes base64 into the body’s own memory, without a copy of it', () => {
  expect('setFromBase64' in Uint8Array.prototype).toBe(true)
  const photo = crypto.getRandomValues(new Uint8Array(30_000))
  const image = btoa(String.fromCharCode(...photo))
  const body = new TextEncoder().encode(
    JSON.stringify({ images: [image, `data:image/png;base64,${image}`, '*'] }),
  )
  const { photos } = photosInBody(body, 'application/json', 16)
  expect(photos.slice(0, 2)).toEqual([photo, photo])
  expect(photos[2]).toMatchObject({ code: 'invalid-request' })
  expect(photos.slice(0, 2).every((view) => view instanceof Uint8Array && view.buffer === body.buffer)).toBe(
    true,
  )
})
