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

test('what is printed meanwhile takes the place of the bar, which is drawn anew below', () => {
  const screen = stream(80)
  const terminal = processTerminal(running, { stdout: screen.stream, stderr: screen.stream })
  const bar = terminal.startProgress(3, 0, 'files')
  terminal.print('a result')
  bar.stop()
  terminal.print('the last')
  const [before = '', after = ''] = screen.text().split('a result\n')
  expect(before).toContain('0/3 files')
  expect(before.endsWith('\r\u001b[2K\u001b[?7h')).toBe(true)
  expect(after.startsWith('\u001b[?7l\u001b7')).toBe(true)
  expect(after).toMatch(/0\/3 files.*the last\n$/s)
})

test('what others have made gives the terminal no orders', () => {
  const screen = stream(80)
  const terminal = processTerminal(running, { stdout: screen.stream, stderr: screen.stream })
  terminal.print('\u001b[2Ja label\nand another')
  terminal.warn('the edge says: \u009b31m\nedgebatch: all is well')
  expect(screen.text()).toBe(
    '\\u001b[2Ja label\nand another\nedgebatch: the edge says: \\u009b31m\\u000aedgebatch: all is well\n',
  )
})
