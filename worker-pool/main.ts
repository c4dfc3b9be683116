import { hostname } from 'node:os'
import { type Logger, pino } from 'pino'
import { systemClock } from '../shared/clock.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import { ConfigurationError, readConfiguration } from '../shared/read-configuration.ts'
import { RedisJobConsumer } from '../shared/redis-job-consumer.ts'
import { RedisKeys } from '../shared/redis-keys.ts'
import { createSharpDecoder } from '../shared/sharp-decoder.ts'
import { decodableTypes, prepareSharpForUploads } from '../shared/sharp-loaders.ts'
import { withDecodableFormats } from './decodable-formats.ts'
import { type PoolEnv, poolEnvSchema } from './env.ts'
import { InferenceSession } from './inference-session.ts'
import { loadModelPackage, ModelPackageError } from './model-package.ts'
import type { PhotoDecoding } from './photo-inputs.ts'
import { Pool } from './pool.ts'
import { RedisTcp } from './redis-tcp.ts'
import { warmUp, warmUpSizes } from './warm-up.ts'

/** How often a pool says what it serves, and how long the edge believes it: pools may be scaled to zero for days. */
const ANNOUNCE_EVERY_MS = 60_000
const MANIFEST_TTL_MS = 7 * 24 * 3_600_000

/** Entry: one worker pool. Says `ready` to a parent process that listens (IPC) once every batch size is warm. */
async function main(): Promise<void> {
  const env = readConfiguration(poolEnvSchema, process.env)
  const poolId = `${hostname()}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`
  const log = pino({ name: 'worker-pool', level: env.LOG_LEVEL, base: { pool: poolId } })

  const modelPackage = await loadModelPackage(env.MODEL_DIR)
  const { labels } = modelPackage
  const { manifest, photos } = await preparePhotos(modelPackage.manifest, env, log)
  const session = await InferenceSession.load(
    { ...modelPackage, manifest },
    {
      providers: env.EXECUTION_PROVIDERS,
      intraOpThreads: env.INTRA_OP_THREADS,
    },
  )
  await warmUp(session, labels, warmUpSizes(env.MAX_BATCH_SIZE))
  log.info(
    { model: manifest.name, version: manifest.version, maxBatchSize: env.MAX_BATCH_SIZE },
    'model is warm',
  )

  const redis = await RedisTcp.connect(env.REDIS_URL, (reason) => log.warn({ reason }, 'redis connection'))
  const consumer = new RedisJobConsumer(redis, new RedisKeys(env.KEY_PREFIX), {
    poolId,
    manifestTtlMs: MANIFEST_TTL_MS,
  })
  await consumer.join(manifest.name)
  await consumer.announce([manifest])
  const announce = () => void consumer.announce([manifest]).catch((error) => logReason(log, error))
  const announcing = setInterval(announce, ANNOUNCE_EVERY_MS)
  redis.onRecovery(announce)

  const time = { clock: systemClock, elapsed: () => performance.now() }
  const pool = new Pool({ consumer, session, labels, maxBatchSize: env.MAX_BATCH_SIZE, photos, log, ...time })
  stopOnSignals(pool, env.DRAIN_SECONDS, log)
  log.info('ready')
  process.send?.({ type: 'ready', model: manifest.name, version: manifest.version })
  await pool.run()

  clearInterval(announcing)
  redis.close()
  await session.close()
  log.info('stopped')
  if (process.connected) process.disconnect()
}

/**
 * What it takes to decode photos here, and the manifest with the types that can be; nothing for a model that takes none
 * encoded. Only then is sharp loaded. Each photo has one thread: several photos are decoded at the same time.
 */
async function preparePhotos(
  manifest: ModelManifest,
  env: PoolEnv,
  log: Logger,
): Promise<{ manifest: ModelManifest; photos: PhotoDecoding | undefined }> {
  if (manifest.decode.formats.length === 0) return { manifest, photos: undefined }
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    throw new ModelPackageError(`${manifest.name}: decode.formats needs sharp, which cannot be loaded`, {
      cause,
    })
  })
  sharp.concurrency(1)
  prepareSharpForUploads(sharp)
  const { manifest: served, left } = withDecodableFormats(manifest, await decodableTypes(sharp))
  if (left.length > 0) log.warn({ types: left }, 'sharp cannot decode these; the edge is told to refuse them')
  const decode = createSharpDecoder(sharp, {
    types: served.decode.formats,
    maxPixels: env.MAX_PHOTO_PIXELS,
    timeoutSeconds: env.PHOTO_DECODE_SECONDS,
  })
  return { manifest: served, photos: { decode, atOnce: env.DECODE_THREADS } }
}

/** SIGTERM, Ctrl-C or the end of the parent: finish what is claimed, claim no more. */
function stopOnSignals(pool: Pool, drainSeconds: number, log: Logger): void {
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    log.info('stopping')
    setTimeout(
      () => fail(new Error(`not drained within ${drainSeconds} s (DRAIN_SECONDS)`)),
      drainSeconds * 1000,
    ).unref()
    pool.stop().catch(fail)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
}

function logReason(log: Logger, error: unknown): void {
  log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'could not announce the model')
}

function fail(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    `worker-pool: ${reason}${error instanceof ConfigurationError ? ' (see the environment)' : ''}\n`,
  )
  process.exit(1)
}

main().catch(fail)
