import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ExclusiveTurn } from './exclusive-turn.ts'

/** Says when it is done. */
function watched(promise: Promise<unknown>) {
  const state = { done: false }
  void promise.then(() => {
    state.done = true
  })
  return state
}

test('what runs alone waits until nothing is claimed', async () => {
  const turn = new ExclusiveTurn()
  await turn.enter()
  turn.add(2)
  turn.left()
  const ran: string[] = []
  const alone = turn.alone(async () => void ran.push('alone'))
  turn.left()
  await setImmediate()
  expect(ran).toEqual([])
  turn.left()
  await alone
  expect(ran).toEqual(['alone'])
})

test('nobody claims while something runs alone, until all that it claimed has ended', async () => {
  const turn = new ExclusiveTurn()
  const alone = turn.alone(async () => {
    await turn.enter({ holdsJobs: true })
    turn.add(1)
    turn.left()
  })
  const entered = watched(turn.enter())
  await setImmediate()
  expect(entered.done).toBe(false)
  turn.left()
  await alone
  await setImmediate()
  expect(entered.done).toBe(true)
})

test('who waits to run alone goes before who would claim', async () => {
  const turn = new ExclusiveTurn()
  await turn.enter()
  const order: string[] = []
  const alone = turn.alone(async () => void order.push('alone'))
  const entered = turn.enter().then(() => order.push('entered'))
  turn.left()
  await Promise.all([alone, entered])
  expect(order).toEqual(['alone', 'entered'])
})

test('a batch that holds claimed jobs claims more, for what is to run alone waits on it', async () => {
  const turn = new ExclusiveTurn()
  await turn.enter()
  turn.add(1)
  turn.left()
  const alone = watched(turn.alone(async () => {}))
  await turn.enter({ holdsJobs: true })
  turn.left()
  turn.left()
  await setImmediate()
  await setImmediate()
  expect(alone.done).toBe(true)
})

test('those that run alone do so one after another, also if one fails', async () => {
  const turn = new ExclusiveTurn()
  const order: string[] = []
  const first = turn.alone(async () => {
    order.push('first begins')
    await setImmediate()
    order.push('first ends')
    throw new Error('broken')
  })
  const second = turn.alone(async () => void order.push('second'))
  await expect(first).rejects.toThrow('broken')
  await second
  expect(order).toEqual(['first begins', 'first ends', 'second'])
  expect(await turn.enter()).toBe(true)
})

test('between two that run alone all who wait to claim are let in, and end before the second', async () => {
  const turn = new ExclusiveTurn()
  const order: string[] = []
  const runs = ['first', 'second'].map((name) => turn.alone(async () => void order.push(name)))
  const entered = turn.enter().then(() => order.push('entered'))
  await Promise.all([runs[0], entered])
  await setImmediate()
  expect(order).toEqual(['first', 'entered'])
  turn.left()
  await runs[1]
  expect(order).toEqual(['first', 'entered', 'second'])
})

test('nothing is to be taken from a queue while something waits to run alone', async () => {
  const turn = new ExclusiveTurn()
  const never = new AbortController().signal
  await turn.open(never)
  await turn.enter()
  const alone = turn.alone(async () => {})
  const open = watched(turn.open(never))
  await setImmediate()
  expect(open.done).toBe(false)
  turn.left()
  await alone
  await setImmediate()
  expect(open.done).toBe(true)
})

test('who gives up waiting to run alone no longer holds up others', async () => {
  const turn = new ExclusiveTurn()
  await turn.enter()
  const enough = new AbortController()
  const alone = turn.alone(async () => {}, enough.signal)
  const entered = turn.enter()
  enough.abort()
  expect(await alone).toBe(false)
  expect(await entered).toBe(true)
})

test('who gives up waiting to claim has not claimed', async () => {
  const turn = new ExclusiveTurn()
  const over = new AbortController()
  await turn.enter()
  const first = turn.alone(async () => {})
  const entered = turn.enter({ signal: over.signal })
  over.abort()
  expect(await entered).toBe(false)
  turn.left()
  await first
  expect(await turn.alone(async () => {})).toBe(true)
})
