import { expect, test } from 'vitest'
import { readyText } from './ready-text.ts'

const stack = { url: 'http://127.0.0.1:8787', query: '', pools: 1, anonymous: true }
const ownRedis = 'redis://127.0.0.1:4000'
const FORGETS = /^API keys and jobs are gone once you stop it; REDIS_URL takes a Redis that keeps them\.$/m

test('the request to send names a model where it has to', () => {
  expect(readyText(stack)).toContain('image=@examples/cat.jpg http://localhost:8787/predict\n')
  expect(readyText({ ...stack, query: '?model=a' })).toContain(
    "image=@examples/cat.jpg 'http://localhost:8787/predict?model=a'\n",
  )
})

test.each([true, false])('that a Redis of our own keeps nothing is told (anonymous: %s)', (anonymous) => {
  expect(readyText({ ...stack, anonymous, ownRedis })).toMatch(FORGETS)
  expect(readyText({ ...stack, anonymous })).not.toMatch(FORGETS)
})

test('a key is made in the Redis that was started, or in the one that was given', () => {
  expect(readyText({ ...stack, anonymous: false, ownRedis })).toContain(
    `KEY=$(REDIS_URL=${ownRedis} npx edgebatch keys create)`,
  )
  expect(readyText({ ...stack, anonymous: false })).toContain('KEY=$(npx edgebatch keys create)')
})

test('without a pool nothing is ready', () => {
  const text = readyText({ ...stack, pools: 0, ownRedis })
  expect(text).toContain(`REDIS_URL=${ownRedis} npm run worker-pool`)
  expect(text).not.toContain('Ready')
})
