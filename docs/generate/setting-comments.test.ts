import { expect, test } from 'vitest'
import { settingComments } from './setting-comments.ts'

test('a setting has the comment right before it, in one line', () => {
  const source = `
const schema = z.object({
  /** How long. */
  WAIT_SECONDS: z.number(),
  /**
   * Where it is: a
   * folder.
   */
  FOLDER: z.string(),
})`
  expect([...settingComments(source)]).toEqual([
    ['WAIT_SECONDS', 'How long.'],
    ['FOLDER', 'Where it is: a folder.'],
  ])
})

test('a comment counts for one setting, and not for what stands after that', () => {
  const source = `
/** All of it. */
const schema = z.object({
  /** One. */
  ONE: z.string(),
  TWO: z.string(),
})`
  expect([...settingComments(source).keys()]).toEqual(['ONE'])
})
