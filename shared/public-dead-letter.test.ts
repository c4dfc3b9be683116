import { expect, test } from 'vitest'
import { parsePublicPlace, publicDetails, publicPlace } from './public-dead-letter.ts'

const letter = {
  ...{ id: 'job1.dogs', model: 'dogs', modelVersion: '1', reason: 'pool-lost', attempts: 3, pool: 'a' },
  ...{ at: 1_000, inputBytes: undefined, entry: '1-0', fields: {} },
}

test('of a webhook only the host is told, and of what is damaged what there is', () => {
  const webhook = JSON.stringify({
    ...{ url: 'https://hooks.example:8443/secret?token=hidden', events: ['failed'] },
    origin: 'https://edge.example',
  })
  const fields = { webhook, owner: '', created_at: '1000', deadline: 'soon', dtype: 'uint8' }
  expect(publicDetails({ ...letter, fields })).toEqual({
    ...{ id: 'job1.dogs', model: 'dogs', model_version: '1', reason: 'pool-lost', attempts: 3, pool: 'a' },
    ...{ at: '1970-01-01T00:00:01.000Z', input_bytes: null, owner: null },
    webhook: { host: 'hooks.example:8443', events: ['failed'] },
    job: { created_at: '1970-01-01T00:00:01.000Z', deadline: 'NaN', dtype: 'uint8' },
  })
  expect(publicDetails({ ...letter, at: 1e18, fields: { webhook: '{' } })).toMatchObject({
    at: '1000000000000000000',
    webhook: { host: 'unreadable', events: [] },
  })
})

test('a place in the list is a word, and no other word is one', () => {
  const place = { entry: '1767225600000-3', model: 'a.model-2' }
  expect(parsePublicPlace(publicPlace(place))).toEqual(place)
  for (const word of ['', '1-2', '1-2.', '1-2.A', '(1-2.a', '+', '-1-2.a', `1-2.${'a'.repeat(65)}`])
    expect(parsePublicPlace(word)).toBeUndefined()
})
