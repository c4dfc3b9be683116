import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { fakeAws } from './machine/fake-aws.ts'
import type { Reply } from './machine/fake-cloud.ts'
import { IMAGE, Machine } from './machine/machine.ts'

/** A container whose process lives until it is told to end. */
const LIVES_ON = ['node', '-e', "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000)"]
const refusal = (code: string): Reply => ({ status: 400, body: `<Error><Code>${code}</Code></Error>` })

/**
 * A machine of AWS with a pool that is ready, whose group answers like this to its first calls. Resolves, with what the machine said, once it
 * has looked after its pool `rounds` times since the last of these answers.
 */
async function readyMachine(refusals: Reply[], rounds: number) {
  const cloud = await fakeAws()
  cloud.secret = JSON.stringify({ REDIS_URL: 'redis://127.0.0.1:1' })
  cloud.launchHookRefusals = refusals
  const machine = await Machine.make(cloud, { docker: { images: { [IMAGE]: null }, command: LIVES_ON } })
  const lookedAfter = Promise.withResolvers<void>()
  let left = rounds
  const server = createServer(({ url }, response) => {
    if (url === '/live' && refusals.length === 0 && left-- === 0) lookedAfter.resolve()
    response.end()
  }).listen(machine.healthPort, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  await machine.run('prepare')
  const service = machine.start('run')
  await lookedAfter.promise
  service.stop()
  const { said } = await service.ended
  return { said, told: cloud.launchHook }
}

describe.skipIf(!inject('hasMachineTools'))('a machine whose pool is ready', () => {
  test('tells its group again, and only until it was told: it would end a machine that serves', async () => {
    const { said, told } = await readyMachine([refusal('Throttling'), refusal('AccessDenied')], 2)
    expect(told).toEqual(['CONTINUE'])
    expect(said.match(/launch hook pool-launch not completed: HTTP 400 .*Throttling/g)).toHaveLength(1)
    expect(said).not.toContain('AccessDenied')
  })

  test('does not ask a group again that waits for nothing', async () => {
    const { said, told } = await readyMachine([refusal('ValidationError')], 2)
    expect(told).toEqual([])
    expect(said).toMatch(/not completed: HTTP 400 .*ValidationError/)
  })
})
