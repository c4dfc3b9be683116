import { expect, test } from 'vitest'
import { isTerminal, jobStatusSchema } from './job-state.ts'

test('a job has ended when it succeeded, failed, expired or was canceled, and only then', () => {
  const ended = jobStatusSchema.options.filter(isTerminal)
  expect(ended).toEqual(['succeeded', 'failed', 'expired', 'canceled'])
})
