import { expect, test } from 'vitest'
import { idsLast } from './ids-last.ts'

const id = (text: string) => `${text.padEnd(22, 'a')}.a-model`

test('what has no job id that begins with a dash stays as it is', () => {
  const args = ['dlq', 'retry', id('b'), '--model', 'a', '--', '-x']
  expect(idsLast(args)).toEqual(args)
})

test.each(['-_', '--', '-h', '--no-'])('an id that begins with %s is no flag', (beginning) => {
  const odd = id(beginning)
  expect(idsLast(['dlq', 'show', odd, '--json'])).toEqual(['dlq', 'show', '--json', '--', odd])
})

test('what stands behind -- stays there', () => {
  expect(idsLast(['cancel', id('-_'), '--', '--all'])).toEqual(['cancel', '--', id('-_'), '--all'])
})
