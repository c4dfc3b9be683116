import { rm } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { InstanceLostError } from '../../worker-pool/inference/instance.ts'
import { Instances } from '../../worker-pool/inference/instances.ts'
import { loadModelPackage } from '../../worker-pool/models/model-package.ts'
import { DEADLY_PIXEL } from '../support/deadly-pixel.ts'
import { onnxModel } from '../support/onnx-graph.ts'
import { cast, IMAGE, smallPackage, value } from '../support/small-models.ts'

const DYING = new URL('../support/dying-instance-thread.ts', import.meta.url)

const MODEL = onnxModel({
  inputs: [IMAGE],
  outputs: [value('floats', 'float32', 'N', 2, 2, 3)],
  nodes: [cast('image', 'floats', 'float32')],
})

async function start(instances = 1) {
  const { folder, remove } = await smallPackage(
    { task: 'tensor', outputs: { tensors: ['floats'] }, serving: { instances } },
    { 'model.onnx': MODEL },
  )
  onTestFinished(remove)
  let now = 0
  const modelPackage = await loadModelPackage(folder)
  const session = { providers: ['cpu'], intraOpThreads: 1, deviceId: undefined, strict: true }
  const task = { modelPackage, session, buckets: [1, 2], padded: false }
  const running = await Instances.start(task, () => now, DYING)
  onTestFinished(() => running.closeAll().catch(() => {}))
  const pass = (ms: number) => {
    now += ms
  }
  return { running, folder, pass }
}

const batch = (pixel: number) => {
  const memory = new SharedArrayBuffer(2 * 12)
  new Uint8Array(memory).fill(pixel)
  return memory
}

test('batches handed to an instance that is at work are run in their order', async () => {
  const { running } = await start()
  const ends: number[] = []
  await Promise.all([1, 2, 1].map((n, i) => running.run(0, batch(i), n).then(() => ends.push(i))))
  expect(ends).toEqual([0, 1, 2])
})

test('an instance that dies loses the batch it ran; what was handed to it besides is run by the next', async () => {
  const { running } = await start()
  const [deadly, other] = await Promise.all([
    running.run(0, batch(DEADLY_PIXEL), 1),
    running.run(0, batch(7), 2),
  ])
  expect(deadly).toEqual({ lost: 'the thread ended (exit 3)' })
  expect(other).toMatchObject({ run: { parts: [{ first: 0, count: 2 }] } })
})

test('one that can be replaced by none says so to whoever asks', async () => {
  const { running, folder } = await start()
  await rm(folder, { recursive: true })
  expect(await running.run(0, batch(DEADLY_PIXEL), 1)).toHaveProperty('lost')
  await expect(running.ready(0)).rejects.toThrow(InstanceLostError)
  await expect(running.run(0, batch(7), 1)).rejects.toThrow(InstanceLostError)
})

test('work tells what each holds, and for how long it has been at the first', async () => {
  const { running, pass } = await start(2)
  const runs = [running.run(1, batch(7), 1), running.run(1, batch(8), 1)]
  pass(5)
  expect(running.work()).toEqual([
    { batches: 0, sinceMs: 0 },
    { batches: 2, sinceMs: 5 },
  ])
  await Promise.all(runs)
  expect(running.work()[1]).toEqual({ batches: 0, sinceMs: 0 })
})
