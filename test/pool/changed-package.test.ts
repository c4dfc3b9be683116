import { pino } from 'pino'
import { expect, inject, onTestFinished, test } from 'vitest'
import { systemClock } from '../../shared/clock.ts'
import { float32Elements } from '../../shared/tensor-value.ts'
import { ExclusiveTurn } from '../../worker-pool/leases/exclusive-turn.ts'
import { Announcer } from '../../worker-pool/models/announcer.ts'
import { ModelRoster } from '../../worker-pool/models/model-roster.ts'
import { assertUnchanged, PackageChangedError } from '../../worker-pool/models/package-change.ts'
import { observeWithAll } from '../../worker-pool/observe/pool-observer.ts'
import { PayloadReader } from '../../worker-pool/redis/payload-reader.ts'
import { createUntilGranted } from '../../worker-pool/redis/until-granted.ts'
import { ServedModel } from '../../worker-pool/served-model.ts'
import { IDLE } from '../support/known-models.ts'
import { writePackage } from '../support/package-folders.ts'
import { MODEL, newTestJob, type TestQueue, testQueue } from '../support/queue.ts'
import { scannedRepository } from '../support/scanned-repository.ts'
import { embeddingGraph, largestGraph } from '../support/small-models.ts'

/** A roster that serves real packages from this process. */
async function roster(queue: TestQueue): Promise<ModelRoster> {
  const log = pino({ level: 'silent' })
  const clock = systemClock
  const untilGranted = createUntilGranted(clock, log)
  const { consumer } = await queue.consumer(crypto.randomUUID())
  const payloads = await PayloadReader.connect(inject('redisUrl'))
  onTestFinished(() => payloads.close())
  const models = new ModelRoster({
    ...{ clock, log, announcer: new Announcer({ consumer, load: () => IDLE, untilGranted, clock, log }) },
    serve: (offer) =>
      ServedModel.start(
        {
          modelPackage: offer.modelPackage,
          session: { providers: ['cpu'], intraOpThreads: 1, deviceId: undefined, strict: true },
          ...{ buckets: [1, 2], padded: false },
        },
        {
          ...{ consumer, payloads, photos: undefined, log, clock, untilGranted },
          observer: observeWithAll([], () => {}),
          elapsed: () => performance.now(),
          ...{ turn: new ExclusiveTurn(), leaseMs: 30_000, random: Math.random },
        },
        () => assertUnchanged(offer),
      ),
  })
  onTestFinished(() => models.stop())
  return models
}

test('a graph that takes the place of the one whose manifest was read is never run for a job of that', async () => {
  const queue = await testQueue()
  const { root, models: repository } = await scannedRepository()
  await writePackage(root, `${MODEL}@1`, { files: { 'model.onnx': embeddingGraph } })
  const { changes } = await repository.first()
  const models = await roster(queue)

  const job = newTestJob({ payload: Buffer.from([0, 1, 1, 0, 1, 1, 0, 1, 1, 200, 1, 1]).toString('base64') })
  await queue.producer.enqueue(job)
  const manifest = { description: 'the second' }
  await writePackage(root, `${MODEL}@1`, { manifest, files: { 'model.onnx': largestGraph } })
  const outcomes = await models.apply(changes)
  expect(outcomes).toMatchObject([{ error: expect.any(PackageChangedError) }])
  expect(await queue.producer.models()).toEqual([])
  expect(await queue.producer.read(job.id)).toMatchObject({ status: 'queued', attempt: 0 })

  repository.settle(outcomes)
  const next = await repository.more()
  const told = queue.redis.duplicate()
  onTestFinished(() => told.disconnect())
  await told.subscribe(queue.keys.done(MODEL, job.id))
  const settled = new Promise((resolve) => told.once('message', resolve))
  expect(await models.apply(next.changes)).toMatchObject([{ error: undefined }])
  await settled
  const answered = await queue.producer.read(job.id)
  expect(answered?.embedding && float32Elements(answered.embedding)[0]).toBe(200)
  expect((await queue.producer.models()).map((known) => known.manifest)).toMatchObject([manifest])
})
