import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { processTerminal } from './process-terminal.ts'

const running = new AbortController().signal

/** A terminal of that width, or what is none, that keeps what is written. */
function stream(columns?: number) {
  const chunks: string[] = []
  const made = Object.assign(
    new PassThrough().setEncoding('utf8').on('data', (text) => chunks.push(text)),
    {
      ...(columns && { isTTY: true, columns }),
      ...{ cursorTo: () => true, clearLine: () => true, moveCursor: () => true, clearScreenDown: () => true },
    },
  )
  return { stream: made as unknown as NodeJS.WriteStream & { fd: 1 & 2 }, text: () => chunks.join('') }
}

test('results and messages go where they belong', () => {
  const [out, err] = [stream(), stream()]
  const terminal = processTerminal(running, { stdout: out.stream, stderr: err.stream })
  terminal.print('a result')
  terminal.warn('a message')
  expect([out.text(), err.text()]).toEqual(['a result\n', 'edgebatch: a message\n'])
})

test('progress is shown to people, and not written into logs', () => {
  const [out, log] = [stream(), stream()]
  const quiet = processTerminal(running, { stdout: out.stream, stderr: log.stream })
  const unseen = quiet.startProgress(3, 0, 'files')
  unseen.update(1)
  unseen.stop()
  const err = stream(80)
  const shown = processTerminal(running, { stdout: out.stream, stderr: err.stream }).startProgress(
    3,
    1,
    'files',
  )
  shown.update(2, 'told to come back in 5 s')
  shown.stop()
  expect(log.text() + out.text()).toBe('')
  expect(err.text()).toContain('1/3 files')
  expect(err.text()).toContain('2/3 files')
  expect(err.text()).toContain('told to come back in 5 s')
})
