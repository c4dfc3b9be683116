import { expect, test } from 'vitest'
import { quoted } from './quoted.ts'

test.each([
  ['a name is shown as it is', 'ResNet_50.v2-b', '"ResNet_50.v2-b"'],
  ['what is in no name is not repeated', '<b>{x}\n\u202e é', '"?b??x?????"'],
  ['nor is more than any name has', 'n'.repeat(65), `"${'n'.repeat(64)}…"`],
])('%s', (_, name, shown) => {
  expect(quoted(name)).toBe(shown)
})
