import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { HandClock } from '../../test/support/hand-clock.ts'
import { ExclusiveTurn } from './exclusive-turn.ts'
import { LoneJobs } from './lone-jobs.ts'

const handedOut = (id: string) => ({ id, entry: `${id}-0`, priority: 'normal' as const })
const lone = (id: string, inMs: number) => ({ handedOut: handedOut(id), inMs })

function jobs() {
  const clock = new HandClock()
  const runs: string[][] = []
  const givenBack: string[] = []
  const turn = new ExclusiveTurn()
  const aside = new LoneJobs({
    ...{ turn, clock, patienceMs: 500 },
    run: async (entries) => void runs.push(entries.map(({ id }) => id)),
    giveBack: async (entries) => void givenBack.push(...entries.map(({ id }) => id)),
  })
  return { aside, runs, givenBack, turn, clock }
}

test('each is run by itself, once its back-off is over', async () => {
  const { aside, runs, clock } = jobs()
  aside.add([lone('late', 200), lone('soon', 100)])
  clock.pass(99)
  await setImmediate()
  expect(runs).toEqual([])
  clock.pass(1)
  await setImmediate()
  expect(runs).toEqual([['soon']])
  clock.pass(100)
  await aside.untilEmpty()
  expect(runs).toEqual([['soon'], ['late']])
})

test('those that nobody had begun are run together', async () => {
  const { aside, runs } = jobs()
  aside.addTogether(['a', 'b', 'c'].map(handedOut), 2)
  aside.addTogether([], 2)
  await aside.untilEmpty()
  expect(runs).toEqual([['a', 'b'], ['c']])
})

test('they wait until nothing else is claimed', async () => {
  const { aside, runs, turn } = jobs()
  await turn.enter()
  aside.addTogether([handedOut('a')], 2)
  await setImmediate()
  expect(runs).toEqual([])
  turn.left()
  await aside.untilEmpty()
  expect(runs).toEqual([['a']])
})

test('once it is stopped none is begun, and it is told which were not', async () => {
  const { aside, runs, turn } = jobs()
  await turn.enter()
  aside.addTogether([handedOut('a'), handedOut('b')], 2)
  aside.add([lone('c', 1_000)])
  aside.stop()
  turn.left()
  await aside.untilEmpty()
  expect(runs).toEqual([])
  expect(aside.notBegun.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c'])
})

test('those whose turn does not come in time go back to their queue, and hold up nobody any more', async () => {
  const { aside, runs, givenBack, turn, clock } = jobs()
  await turn.enter()
  aside.add([lone('a', 0)])
  const entered = turn.enter()
  await setImmediate()
  clock.pass(500)
  await aside.untilEmpty()
  expect(givenBack).toEqual(['a'])
  expect(runs).toEqual([])
  expect(aside.notBegun).toEqual([])
  expect(await entered).toBe(true)
})
