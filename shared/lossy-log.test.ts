import { expect, test } from 'vitest'
import { lossyLog } from './lossy-log.ts'

test('a line that cannot be written is lost, and those after it are not', () => {
  const written: string[] = []
  let isFull = true
  const log = lossyLog((line) => {
    if (isFull) throw new Error('ENOSPC: no space left on device, write')
    written.push(line)
  })
  log.write('one')
  isFull = false
  log.write('two')
  expect(written).toEqual(['two'])
})
