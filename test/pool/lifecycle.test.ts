import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { awsEndpoint, parametersOf } from '../support/aws-endpoint.ts'
import { ec2Machine, ROLE } from '../support/ec2-machine.ts'
import { fakeNvidiaSmi, prints } from '../support/fake-nvidia-smi.ts'
import { newJobs, PoolQueue, poolEnv } from '../support/pool-queue.ts'

/** A machine whose group lets go of it once it is told to, and what the pool needs to be told of both. */
async function machineInGroup() {
  let state = 'InService'
  const group = await awsEndpoint({ keys: ROLE, token: ROLE.token, scope: 'eu-central-1/autoscaling' })
  const machine = await ec2Machine({ state: () => state })
  const settings = {
    ...{ PREEMPTION_NOTICE: 'ec2', METADATA_URL: machine.url },
    ...{ LIFECYCLE_HOOK_NAME: 'drain', AUTOSCALING_ENDPOINT: group.url },
  }
  const calls = () => group.received.map((request) => parametersOf(request).get('Action'))
  return { settings, calls, letGo: () => (state = 'Terminated') }
}

test('a pool whose machine is to go finishes what it holds, tells the group, and ends well', async () => {
  const { settings, calls, letGo } = await machineInGroup()
  const queue = await PoolQueue.open()
  const pool = await queue.startPool(settings)
  const { settled } = await queue.enqueue(newJobs(4))
  for (const job of await settled) expect(job).toMatchObject({ status: 'succeeded' })
  expect(calls()).toEqual([])
  letGo()
  expect(await pool.endedByItself).toContain('ended (exit 0)')
  expect(calls()).toEqual(['CompleteLifecycleAction'])
  expect(await queue.inFlight()).toBe(0)
})

test('with a process for each GPU, the group is told once, when all have ended', async () => {
  const { settings, calls, letGo } = await machineInGroup()
  letGo()
  const gpus = await fakeNvidiaSmi(prints('0, GPU-a, NVIDIA L4, 23034', '1, GPU-b, NVIDIA L4, 23034'))
  const queue = await PoolQueue.open()
  const env = { ...poolEnv(queue.url, queue.keys.prefix), ...settings, ...gpus.variables }
  const machine = fork('worker-pool/main.ts', {
    env: { ...env, GPUS: '0,1', EXECUTION_PROVIDERS: 'cuda,cpu', STRICT_PROVIDERS: 'false' },
  })
  onTestFinished(() => void machine.kill('SIGKILL'))
  expect(await once(machine, 'exit')).toEqual([0, null])
  expect(calls()).toEqual(['CompleteLifecycleAction'])
})
