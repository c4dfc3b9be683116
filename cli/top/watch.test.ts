import { expect, test } from 'vitest'
import { HandClock } from '../../test/support/hand-clock.ts'
import type { ServiceState } from '../stats/service-state.ts'
import { UnavailableError } from '../user-error.ts'
import type { Screen, ScreenListeners } from './screen.ts'
import { watch } from './top-command.ts'

const state: ServiceState = { models: [], pools: [], redis: null }

function watching(read: (signal?: AbortSignal) => Promise<ServiceState>) {
  const clock = new HandClock()
  const frames: string[] = []
  const log: string[] = []
  let listeners: ScreenListeners | undefined
  let drawn = Promise.withResolvers<void>()
  const screen: Screen = {
    ...{ size: () => ({ columns: 80, rows: 24 }), colour: false },
    open: (given) => {
      listeners = given
      log.push('opened')
    },
    draw: (lines) => {
      frames.push(lines.join('\n'))
      drawn.resolve()
      drawn = Promise.withResolvers()
    },
    close: () => void log.push('closed'),
  }
  const stop = new AbortController()
  const done = watch({ place: 'here', read }, state, { screen, everyMs: 2_000, clock, stopped: stop.signal })
  const next = async () => {
    const waiting = drawn.promise
    clock.pass(2_000)
    await waiting
  }
  return {
    done,
    clock,
    next,
    frames,
    log,
    stop,
    key: (key: string) => listeners?.key(key),
    resized: () => listeners?.resized(),
  }
}

test.each(['q', 'Q', '\u0003'])('%j gives the screen back', async (key) => {
  const { done, frames, log, ...screen } = watching(async () => state)
  screen.key('x')
  expect(log).toEqual(['opened'])
  screen.key(key)
  await done
  expect({ log, drawn: frames.length }).toEqual({ log: ['opened', 'closed'], drawn: 1 })
})

test('it is drawn anew when it is time, and when the terminal has another size', async () => {
  const { done, next, resized, frames, stop } = watching(async () => state)
  await next()
  resized()
  expect(frames).toHaveLength(3)
  stop.abort()
  await done
})

test('what fails is told, and gone on with', async () => {
  const outcomes = [() => Promise.reject(new UnavailableError('cannot reach it')), async () => state]
  const { done, next, frames, stop } = watching(() => (outcomes.shift() ?? (async () => state))())
  await next()
  expect(frames.at(-1)).toContain('cannot reach it')
  await next()
  expect(frames.at(-1)).not.toContain('cannot reach it')
  stop.abort()
  await done
})

test('a mistake of ours gives the screen back, too', async () => {
  const { done, log, next } = watching(() => Promise.reject(new TypeError('a bug')))
  void next()
  await expect(done).rejects.toThrow('a bug')
  expect(log).toEqual(['opened', 'closed'])
})

test('who quits while an answer is owed does not wait for it', async () => {
  const asked = Promise.withResolvers<AbortSignal | undefined>()
  const { done, key, clock, log } = watching((signal) => {
    asked.resolve(signal)
    return new Promise(() => {})
  })
  clock.pass(2_000)
  const signal = await asked.promise
  key('qq')
  await done
  expect(signal?.aborted).toBe(true)
  expect(log).toEqual(['opened', 'closed'])
})
