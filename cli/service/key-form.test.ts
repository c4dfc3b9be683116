import { expect, test } from 'vitest'
import { wrongKeyForm } from './key-form.ts'

const ID = 'a'.repeat(12)
const SECRET = 's_-'.repeat(14)

test.each([
  ['', 'is empty'],
  [`eb_${ID}_${SECRET}x\n`, 'has a space or a line break at an end'],
  ['foo', 'has 3 characters and does not begin with eb_'],
  ['k', 'has 1 character and does not begin with eb_'],
  ['eb_abc', 'has 6 characters and no second _'],
  ['eb_abc_def', "has an ID of 3 characters; a key's has 12"],
  [`eb_${ID}_${SECRET}`, "has a secret of 42 characters; a key's has 43"],
  [`eb_${ID}_${SECRET}.`, 'has characters that no key has'],
])('%j %s', (text, form) => {
  expect(wrongKeyForm(text)).toBe(form)
})
