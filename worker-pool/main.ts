import { writeSync } from 'node:fs'
import { hostname } from 'node:os'
import pLimit from 'p-limit'
import { type Logger, pino } from 'pino'
import { MANIFEST_TTL_MS, POOL_TTL_MS } from '../shared/announcement.ts'
import { DatabaseRefusedError } from '../shared/chosen-database.ts'
import { systemClock } from '../shared/clock.ts'
import { lossyLog } from '../shared/lossy-log.ts'
import { versionId } from '../shared/model-reference.ts'
import { ConfigurationError, readConfiguration, reasonForPeople } from '../shared/read-configuration.ts'
import { RedisUnreachableError } from '../shared/redis-commands.ts'
import { RedisJobConsumer } from '../shared/redis-job-consumer.ts'
import { RedisKeys } from '../shared/redis-keys.ts'
import { DEFAULT_RETRIES } from '../shared/retry-policy.ts'
import { bucketsUpTo } from './batching/buckets.ts'
import { type PoolEnv, poolEnvSchema } from './env.ts'
import type { InstanceTask } from './inference/instance-messages.ts'
import { ExclusiveTurn } from './leases/exclusive-turn.ts'
import { devicePools } from './machine/device-pools.ts'
import { composeLifecycleHook } from './machine/ec2/compose-lifecycle-hook.ts'
import { createGpuReadings } from './machine/gpu-readings.ts'
import { listGpus } from './machine/gpus.ts'
import { createQueryGpus } from './machine/nvidia-smi.ts'
import { watchPreemption } from './machine/preemption.ts'
import { exitCodeOfSignal, hasLostParent, onStopSignals } from './machine/stop-signals.ts'
import { superviseHere } from './machine/supervise-here.ts'
import { CONFIGURATION_EXIT_CODE } from './machine/supervisor.ts'
import { Announcer } from './models/announcer.ts'
import { FolderWatch } from './models/folder-watch.ts'
import { type ModelPackage, ModelPackageError } from './models/model-package.ts'
import { ModelReconciler } from './models/model-reconciler.ts'
import { ModelRepository } from './models/model-repository.ts'
import { ModelRoster } from './models/model-roster.ts'
import { modelSelection } from './models/model-selection.ts'
import { assertUnchanged } from './models/package-change.ts'
import { composeObservation } from './observe/compose-observation.ts'
import { startHealthServer } from './observe/health-server.ts'
import { observeWithAll } from './observe/pool-observer.ts'
import { type PhotoLimits, preparePhotos } from './photo-decoding.ts'
import { evictionWarning } from './redis/eviction.ts'
import { PayloadReader } from './redis/payload-reader.ts'
import { RedisTcp } from './redis/redis-tcp.ts'
import { createUntilGranted } from './redis/until-granted.ts'
import { ServedModel } from './served-model.ts'
import { startWebhooks } from './webhooks/start-webhooks.ts'
import { kickOnSettled } from './webhooks/webhook-kicks.ts'

/** What a pool may take beyond its time to drain before its supervisor kills it. */
const KILL_MARGIN_MS = 5_000
/** For jobs to be given back, once the time to drain is over; less than KILL_MARGIN_MS. */
const GIVE_BACK_MS = 3_000
/** For webhooks of what was settled last; what is not sent by then, or by the end of the time to drain, stays in Redis. */
const WEBHOOKS_MS = 5_000
/** For an auto-scaling group to be told that this machine has drained. */
const LIFECYCLE_MS = 5_000
/** For the last spans to reach their collector. */
const FLUSH_MS = 2_000

const STDOUT = 1

/** Entry: one worker pool, or with GPUS one for each of these GPUs. */
async function main(): Promise<void> {
  // ONNX Runtime would otherwise send telemetry to its makers.
  process.env.ORT_DISABLE_TELEMETRY ||= '1'
  const env = readConfiguration(poolEnvSchema, process.env)
  const poolId = `${hostname()}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`
  const destination = lossyLog((line) => writeSync(STDOUT, line))
  const log = pino({ name: 'worker-pool', level: env.LOG_LEVEL, base: { pool: poolId } }, destination)
  if (env.GPUS === undefined) return runPool(env, poolId, log)
  const gpus = await listGpus(createQueryGpus(process.env))
  const hook = composeLifecycleHook(env, log)
  const ended = new AbortController()
  void hook?.keepWaiting(ended.signal)
  process.exitCode = await superviseHere(devicePools(env.GPUS, gpus, process.env), process, {
    entry: import.meta.filename,
    killAfterMs: env.DRAIN_SECONDS * 1000 + KILL_MARGIN_MS,
    log,
  })
  ended.abort()
  await hook?.complete(AbortSignal.timeout(LIFECYCLE_MS))
}

/** Says `ready` to a parent process that listens (IPC) once all packages that are there have been tried, and one serves. */
async function runPool(env: PoolEnv, poolId: string, log: Logger): Promise<void> {
  const ending = new AbortController()
  const stopped = untilToldToStop(env, log).then(() => ending.abort())
  const hook = composeLifecycleHook(env, log)
  const drained = new AbortController()
  void stopped.then(() => hook?.keepWaiting(drained.signal))
  const redis = await RedisTcp.connect(env.REDIS_URL, (reason) => log.warn({ reason }, 'redis connection'))
  void warnOfEviction(redis, log)
  const payloads = await PayloadReader.connect(env.REDIS_URL)
  const keys = new RedisKeys(env.KEY_PREFIX)
  const consumer = new RedisJobConsumer(redis, keys, {
    poolId,
    manifestTtlMs: MANIFEST_TTL_MS,
    poolTtlMs: POOL_TTL_MS,
    retries: { ...DEFAULT_RETRIES, maxAttempts: env.MAX_ATTEMPTS },
  })
  const turn = new ExclusiveTurn()
  const clock = systemClock
  const untilGranted = createUntilGranted(clock, log)
  const elapsed = () => performance.now()
  const readGpus = createGpuReadings(createQueryGpus(process.env), clock)
  const running = new Set<ServedModel>()
  const {
    observer: watching,
    metrics,
    loads,
    drainRates,
    runWatch,
    flush,
  } = await composeObservation(env, {
    ...{ poolId, log, clock, elapsed, readGpus },
    runs: () => [...running].map((model) => ({ manifest: model.manifest, forMs: model.stuckFor() })),
  })
  // Photos of all models wait in one line: p-limit is such a line, and well kept.
  const photoTurn = pLimit(env.DECODE_THREADS)
  let phase: 'starting' | 'serving' | 'draining' = 'starting'
  const health =
    env.HEALTH_PORT === undefined || !metrics
      ? undefined
      : await startHealthServer(
          {
            phase: () => phase,
            stuckFor: () => Math.max(0, ...[...running].map((model) => model.stuckFor())),
            pingRedis: () => redis.ping(),
            metrics,
          },
          { host: env.HEALTH_HOST, port: env.HEALTH_PORT, stuckLimitMs: env.STUCK_SECONDS * 1000, clock },
        )
  const webhooks = startWebhooks(env, { redis, keys, untilGranted, clock, elapsed, log, metrics })
  const observer = observeWithAll([watching, kickOnSettled(() => webhooks.kick())], (err) =>
    log.error({ err }, 'an observer failed'),
  )
  const announcer = new Announcer({ consumer, load: () => loads.load(), untilGranted, clock, log })
  const roster = new ModelRoster({
    ...{ announcer, clock, log },
    serve: async (offer) => {
      const { task, photos } = await prepare(offer.modelPackage, env, photoTurn, log)
      const deps = {
        ...{ consumer, payloads, observer, log, untilGranted, elapsed, photos, clock, turn },
        leaseMs: env.LEASE_SECONDS * 1000,
        random: Math.random,
      }
      const served = await ServedModel.start(task, deps, () => assertUnchanged(offer))
      running.add(served)
      const end = () => running.delete(served)
      served.finished.then(end, end)
      return served
    },
  })
  const repository = new ModelRepository({
    ...{ selection: modelSelection(env), clock, scanEveryMs: env.MODEL_SCAN_SECONDS * 1000 },
    watch: new FolderWatch(),
  })
  const models = new ModelReconciler({
    ...{ repository, roster, log },
    onNews: (news) => tellParent({ type: 'model', ...news }),
  })

  const refused = await Promise.race([models.start(ending.signal), stopped])
  let broken: unknown
  if (!ending.signal.aborted) {
    redis.onRecovery(() => void announcer.repeat())
    drainRates.onChange(() => announcer.repeatSoon())
    runWatch.onChange(() => announcer.repeatSoon())
    void runWatch.run(clock, ending.signal)
    void announcer.run(ending.signal)
    models.run(ending.signal).catch(fail)
    phase = 'serving'
    log.info({ health: health?.port }, 'ready')
    const served = roster.manifests.map(versionId)
    tellParent({ type: 'ready', models: served, refused, healthPort: health?.port })
    broken = await Promise.race([stopped, roster.broken])
    ending.abort()
  }
  phase = 'draining'
  // Settling and giving back take Redis, which may be away; a package that is being loaded may take long.
  const tooLate = setTimeout(
    () => fail(new Error(`not stopped within ${env.DRAIN_SECONDS} s (DRAIN_SECONDS)`)),
    env.DRAIN_SECONDS * 1000 + GIVE_BACK_MS,
  )
  const drainedAt = elapsed() + env.DRAIN_SECONDS * 1000
  await roster.stop(AbortSignal.timeout(env.DRAIN_SECONDS * 1000))
  await webhooks.stop(Math.min(WEBHOOKS_MS, Math.max(0, drainedAt - elapsed())))
  clearTimeout(tooLate)
  drained.abort()
  if (broken !== undefined) throw broken
  await flush(FLUSH_MS)
  await hook?.complete(AbortSignal.timeout(LIFECYCLE_MS))
  await health?.close()
  payloads.close()
  redis.close()
  log.info('stopped')
  if (process.connected) process.disconnect()
  // A run that outlived its deadline still occupies its thread.
  process.exit(0)
}

/** One that listens (IPC); that it has just gone is told of by 'disconnect'. */
function tellParent(message: object): void {
  process.send?.(message, undefined, undefined, () => {})
}

async function warnOfEviction(redis: RedisTcp, log: Logger): Promise<void> {
  const warning = evictionWarning(await redis.evictionPolicy())
  if (warning) log.warn({ fix: warning.fix }, warning.found)
}

/** What it takes to serve a package with this pool's settings. */
async function prepare(modelPackage: ModelPackage, env: PoolEnv, turn: PhotoLimits['turn'], log: Logger) {
  const { manifest, photos, left } = await preparePhotos(modelPackage.manifest, {
    maxPixels: env.MAX_PHOTO_PIXELS,
    timeoutSeconds: env.PHOTO_DECODE_SECONDS,
    turn,
  })
  if (left.length > 0) log.warn({ types: left }, 'sharp cannot decode these; the edge is told to refuse them')
  const task: InstanceTask = {
    modelPackage: { ...modelPackage, manifest },
    session: {
      providers: env.EXECUTION_PROVIDERS,
      intraOpThreads: env.INTRA_OP_THREADS,
      deviceId: env.DEVICE_ID,
      strict: env.STRICT_PROVIDERS,
    },
    buckets: bucketsUpTo(manifest.serving.max_batch_size ?? env.MAX_BATCH_SIZE),
    padded: env.PAD_BATCHES === 'auto' ? env.EXECUTION_PROVIDERS[0] !== 'cpu' : env.PAD_BATCHES === 'always',
  }
  return { task, photos }
}

/**
 * SIGTERM, Ctrl-C, the end of the parent, or a notice that the machine is to be taken away. A second signal, later, ends this
 * process as a crash would: what it has claimed goes to others once its time is over.
 */
function untilToldToStop(env: PoolEnv, log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const stop = (why: string) => {
      log.info({ why }, 'stopping')
      resolve()
    }
    onStopSignals(process, {
      stop,
      endAtOnce: (signal) => {
        log.warn({ why: signal }, 'told to stop again: ending at once')
        process.exit(exitCodeOfSignal(signal))
      },
    })
    process.once('disconnect', () => stop('the parent has ended'))
    if (hasLostParent(process)) stop('the parent has ended')
    if (env.PREEMPTION_NOTICE === 'off') return
    void watchPreemption({
      ...{ kind: env.PREEMPTION_NOTICE, clock: systemClock, log },
      signal: new AbortController().signal,
      ...(env.METADATA_URL === undefined ? {} : { baseUrl: env.METADATA_URL }),
      onNotice: ({ source, at }) =>
        stop(`${source} takes this machine away at ${new Date(at).toISOString()}`),
    })
  })
}

function fail(error: unknown): never {
  // A database that is refused has a fix of its own.
  const isAway = error instanceof RedisUnreachableError && !(error instanceof DatabaseRefusedError)
  const fix = isAway ? '; start Redis, or correct REDIS_URL' : ''
  process.stderr.write(`worker-pool: ${reasonForPeople(error)}${fix}\n`)
  const isForGood = error instanceof ConfigurationError || error instanceof ModelPackageError
  process.exit(isForGood ? CONFIGURATION_EXIT_CODE : 1)
}

main().catch(fail)
