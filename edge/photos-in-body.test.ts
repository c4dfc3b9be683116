import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../shared/errors.ts'
import { photosInBody, type UploadedPhotos } from './photos-in-body.ts'

const MAX = 4

async function ofForm(fill: (form: FormData) => void): Promise<UploadedPhotos> {
  const form = new FormData()
  fill(form)
  const request = new Request('http://edge.test', { method: 'POST', body: form })
  return photosInBody(new Uint8Array(await request.arrayBuffer()), request.headers.get('content-type'), MAX)
}

function ofJson(body: unknown, type = 'application/json'): UploadedPhotos {
  return photosInBody(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), type, MAX)
}

const file = (...bytes: number[]) => new Blob([Uint8Array.from(bytes)])
const base64 = (...bytes: number[]) => Buffer.from(bytes).toString('base64')
/** A photo's bytes, or the code and detail of why there are none. */
const plain = ({ photos }: Pick<UploadedPhotos, 'photos'>) =>
  photos.map((photo) => (photo instanceof ProblemError ? photo.message : [...photo]))

function problemOf(work: () => unknown): ProblemError {
  try {
    work()
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('a body that is the photo', () => {
  test.each([null, 'image/jpeg', 'text/plain', 'application/octet-stream', 'application/jsonp'])(
    'comes as it is, not copied, with type %s',
    (type) => {
      const body = Uint8Array.of(1, 2, 3)
      const { photos, isBatch } = photosInBody(body, type, MAX)
      expect(photos[0]).toBe(body)
      expect(isBatch).toBe(false)
    },
  )

  test.each([
    [null, /^Send the photo/],
    ['application/json', /^Send the photo/],
    ['text/plain', /^Send the photo/],
    ['image/jpeg', /^The image is empty/],
    ['Image/PNG', /^The image is empty/],
    ['application/octet-stream', /^The image is empty/],
  ])('of no bytes is missing, and of type %s told to be empty where it is an image', (type, detail) => {
    expect(problemOf(() => photosInBody(new Uint8Array(), type, MAX))).toMatchObject({
      code: 'missing-image',
      detail: expect.stringMatching(detail),
    })
  })
})

describe('a form', () => {
  test('with one file is one photo, with several a batch in their order; other fields do not matter', async () => {
    const one = await ofForm((form) => {
      form.append('user', 'me')
      form.append('image', file(1, 2), 'a.jpg')
      form.append('thumbnail', file(9), 'b.jpg')
    })
    expect([plain(one), one.isBatch]).toEqual([[[1, 2]], false])
    const three = await ofForm((form) => {
      for (const byte of [3, 1, 2]) form.append('image', file(byte), 'a.jpg')
    })
    expect([plain(three), three.isBatch]).toEqual([[[3], [1], [2]], true])
  })

  test('an empty file is the call’s problem where it is alone, and its own in a batch', async () => {
    await expect(ofForm((form) => form.append('image', file(), 'a.jpg'))).rejects.toMatchObject({
      code: 'empty-image',
      detail: 'The file in field "image" is empty: it has no bytes.',
    })
    const batch = await ofForm((form) => {
      form.append('image', file(), 'a.jpg')
      form.append('image', file(7), 'b.jpg')
    })
    expect(plain(batch)).toEqual([expect.stringMatching(/^empty-image: /), [7]])
  })

  test('with more files than a call may have is refused', async () => {
    const call = ofForm((form) => {
      for (let i = 0; i <= MAX; i++) form.append('image', file(i), 'a.jpg')
    })
    await expect(call).rejects.toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining('4'),
    })
  })

  test('may say of a webhook where and what it is told', async () => {
    const { webhookUrl, webhookEvents } = await ofForm((form) => {
      form.append('image', file(1), 'a.jpg')
      form.append('webhook_url', ' https://example.test/hook ')
      form.append('webhook_events', 'succeeded, failed')
    })
    expect(webhookUrl).toBe('https://example.test/hook')
    expect(webhookEvents).toEqual(['succeeded', 'failed'])
  })

  test('whose webhook fields are empty asks for none', async () => {
    const { webhookUrl, webhookEvents } = await ofForm((form) => {
      form.append('image', file(1), 'a.jpg')
      form.append('webhook_url', '')
      form.append('webhook_events', ' ')
    })
    expect([webhookUrl, webhookEvents]).toEqual([undefined, undefined])
  })

  test.each([
    ['webhook_events', ['succeeded,started']],
    ['webhook_events', [','.repeat(3_000_000)]],
    ['webhook_url', ['https://a.test', 'https://b.test']],
    ['webhook_url', [`https://a.test/${'a'.repeat(2_048)}`]],
  ])('with a wrong %s is refused, and its text not repeated', async (field, values) => {
    const call = ofForm((form) => {
      form.append('image', file(1), 'a.jpg')
      for (const value of values) form.append(field, value)
    })
    await expect(call).rejects.toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining(field),
    })
    await expect(call).rejects.not.toMatchObject({ detail: expect.stringMatching(/started|a\.test/) })
  })
})

describe('JSON', () => {
  test('`image` is one photo, `images` a batch, be it of one', () => {
    const one = ofJson({ image: base64(1, 2, 3) })
    expect([plain(one), one.isBatch]).toEqual([[[1, 2, 3]], false])
    const list = ofJson({ images: [base64(1, 2, 3)] }, 'Application/JSON; charset=utf-8')
    expect([plain(list), list.isBatch]).toEqual([[[1, 2, 3]], true])
  })

  test('any photos come back byte by byte, as data: URLs too, in the memory of the body', () => {
    const photo = fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }), asUrl: fc.boolean() })
    fc.assert(
      fc.property(fc.array(photo, { minLength: 1, maxLength: MAX }), (given) => {
        const images = given.map(
          ({ bytes, asUrl }) => (asUrl ? 'data:image/png;base64,' : '') + base64(...bytes),
        )
        const body = Buffer.from(JSON.stringify({ images }))
        const uploaded = photosInBody(body, 'application/json', MAX)
        expect(plain(uploaded)).toEqual(given.map(({ bytes }) => [...bytes]))
        expect(uploaded.photos.every((one) => one instanceof Uint8Array && one.buffer === body.buffer)).toBe(
          true,
        )
      }),
    )
  })

  test('one that is no base64, or empty, is that item’s problem, not the call’s', () => {
    const images = [
      base64(1),
      '*',
      base64(2),
      '',
      'data:image/png,abc',
      'data:;base64,',
      'data:;base64,!',
      base64(3),
    ]
    const { photos } = photosInBody(
      Buffer.from(JSON.stringify({ images })),
      'application/json',
      images.length,
    )
    expect(plain({ photos })).toEqual([
      [1],
      expect.stringMatching(/^invalid-request: .*images\[1\]/),
      [2],
      expect.stringMatching(/^empty-image: .*images\[3\]/),
      expect.stringMatching(/^invalid-request: .*images\[4\]/),
      expect.stringMatching(/^empty-image: .*images\[5\]/),
      expect.stringMatching(/^invalid-request: .*images\[6\]/),
      [3],
    ])
  })

  test('of one `image` alone it is the call’s', () => {
    expect(problemOf(() => ofJson({ image: '***' })).detail).toBe('What "image" holds is no base64.')
    expect(problemOf(() => ofJson({ image: '' })).code).toBe('empty-image')
  })

  test('says of a webhook where and what it is told', () => {
    const uploaded = ofJson({ image: base64(1), webhook_url: 'https://a.test', webhook_events: ['failed'] })
    expect(uploaded).toMatchObject({ webhookUrl: 'https://a.test', webhookEvents: ['failed'] })
  })

  const SECRET = 'c2VjcmV0'
  test.each([
    ['is not JSON', `{"image": "${SECRET}`, 'is not JSON'],
    ['is a list', [SECRET], 'must be an object'],
    ['is null', 'null', 'must be an object'],
    ['is a text', `"${SECRET}"`, 'must be an object'],
    ['has no image', {}, 'either "image" or "images"'],
    ['has both', { image: SECRET, images: [SECRET] }, 'either "image" or "images"'],
    ['has no image in its list', { images: [] }, '"images"'],
    ['has a number for an image', { image: 42 }, '"image": '],
    ['has a list for an image', { image: [SECRET] }, '"image": '],
    ['has a text for a list', { images: SECRET }, '"images": '],
    ['has an object in its list', { images: [SECRET, { a: SECRET }] }, '"images"[1]: '],
    ['has too many images', { images: Array(5).fill(SECRET) }, '4 images at most'],
    ['has millions of images', `{"images":[${'1,'.repeat(3_000_000)}1]}`, '1000 values and keys'],
    ['has millions of fields', `{${'"a":1,'.repeat(1_000_000)}"a":1}`, '1000 values and keys'],
    ['is nested without end', '['.repeat(3_000_000), '1000 values and keys'],
    [
      'has more events than there are',
      { image: '', webhook_events: Array(5).fill('failed') },
      '"webhook_events": ',
    ],
    ['has a number for a webhook', { image: SECRET, webhook_url: 1 }, '"webhook_url": '],
    ['has an unknown event', { image: SECRET, webhook_events: [SECRET] }, '"webhook_events"[0]: '],
    ['has an unknown field', { image: SECRET, imgae: SECRET }, 'there is no field "imgae"'],
    [
      'has fields whose names cannot be shown',
      `{"image":"${SECRET}","<${SECRET}>":1,"__proto__":1}`,
      '1 that cannot be shown',
    ],
  ])('that %s is refused with the reason and nothing of its content', (_, body, reason) => {
    const { code, detail } = problemOf(() => ofJson(body))
    expect(code).toBe('invalid-request')
    expect(detail).toContain(reason)
    expect(detail).not.toContain(SECRET)
  })

  test('in bytes that are no UTF-8 is refused', () => {
    const body = Buffer.from([...Buffer.from('{"image":"'), 0xff, ...Buffer.from('"}')])
    expect(problemOf(() => photosInBody(body, 'application/json', MAX)).detail).toContain(
      'is not JSON in UTF-8',
    )
  })

  test('whatever the bytes are, it is photos or a ProblemError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text) => Buffer.from(text)),
          fc.uint8Array(),
        ),
        (bytes) => {
          try {
            expect(
              photosInBody(Uint8Array.from(bytes), 'application/json', MAX).photos.length,
            ).toBeGreaterThan(0)
          } catch (error) {
            expect(error).toBeInstanceOf(ProblemError)
          }
        },
      ),
    )
  })
})
