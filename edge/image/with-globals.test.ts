import { expect, test } from 'vitest'
import { withGlobals } from './with-globals.ts'

const visible = (name: string) => Reflect.get(globalThis, name)

test('defines what is missing for the length of the call, also when it throws', () => {
  expect(withGlobals({ OnlyInside: 1 }, () => visible('OnlyInside'))).toBe(1)
  const fail = () =>
    withGlobals({ OnlyInside: 1 }, () => {
      throw new Error('inside')
    })
  expect(fail).toThrow('inside')
  expect('OnlyInside' in globalThis).toBe(false)
})

test('leaves alone what is there', () => {
  expect(withGlobals({ URL: 'other' }, () => visible('URL'))).toBe(URL)
  expect(visible('URL')).toBe(URL)
})
