import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { freePort } from '../../local-stack/free-port.ts'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { POOL_NODE_FLAGS } from '../../worker-pool/node-flags.ts'
import { MAX_BATCH_SIZE, writeColourPackage } from './chaos-model.ts'
import { DurableRedis } from './durable-redis.ts'
import { Part } from './part.ts'
import type { ChaosSettings } from './settings.ts'
import { Way } from './way.ts'

const PREFIX = 'chaos:'

/** The whole system as real processes, each with a way of its own to what it talks to. */
export interface ChaosStack {
  redis: DurableRedis
  keys: RedisKeys
  pools: Part[]
  gateways: Part[]
  edges: Part[]
  /** Where the edges answer. */
  edgeUrls: string[]
  /** By whose they are: pools, gateways, edges. */
  ways: Way[]
  /** All but Redis, told to stop. */
  stopServices: () => Promise<void>
  /** Everything, at once. */
  abandon: () => Promise<void>
}

interface StackPlace {
  settings: ChaosSettings
  /** For logs, the model and Redis' file. */
  folder: string
  env: Record<string, string>
}

/** To be abandoned. Throws if a part does not start. */
export async function startChaosStack(place: StackPlace): Promise<ChaosStack> {
  const { settings, folder, env } = place
  const redis = await DurableRedis.start(
    await ensureRedisBinary(env.PATH ?? '', () => {}),
    join(folder, 'redis'),
  )
  const keys = new RedisKeys(PREFIX)
  const modelDir = await writeColourPackage(join(folder, 'model'))
  const token = randomBytes(24).toString('base64url')
  const pools = await made(settings.pools, (i) => pool(i, redis.port, modelDir, place))
  const gateways = await made(settings.gateways, (i) => gateway(i, redis.port, token, place))
  const edges = await made(settings.edges, (i) => {
    const { port } = gateways[i % gateways.length] as WithPort
    return edge(i, port, token, place)
  })
  const services = [...edges, ...gateways, ...pools].map(({ part }) => part)
  const ways = [...pools, ...gateways, ...edges].map(({ way }) => way)
  const closeWays = () => {
    for (const way of ways) way.close()
  }
  const stack: ChaosStack = {
    ...{ redis, keys, ways },
    pools: pools.map(({ part }) => part),
    gateways: gateways.map(({ part }) => part),
    edges: edges.map(({ part }) => part),
    edgeUrls: edges.map(({ port }) => `http://127.0.0.1:${port}`),
    stopServices: async () => {
      for (const part of services) await part.stop()
      closeWays()
    },
    abandon: async () => {
      await Promise.all(services.map((part) => part.abandon()))
      closeWays()
      await redis.stop()
    },
  }
  try {
    await Promise.all([...gateways, ...pools].map(({ part }) => part.begin()))
    await Promise.all(edges.map(({ part }) => part.begin()))
    return stack
  } catch (error) {
    await stack.abandon()
    throw error
  }
}

interface OnItsWay {
  part: Part
  way: Way
}
interface WithPort extends OnItsWay {
  port: number
}

async function made<T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => make(i)))
}

async function pool(
  i: number,
  redisPort: number,
  modelDir: string,
  { settings, folder, env }: StackPlace,
): Promise<OnItsWay> {
  const way = await Way.open(redisPort)
  const part = new Part({
    name: `pool-${i}`,
    entry: 'worker-pool/main.ts',
    nodeFlags: POOL_NODE_FLAGS,
    folder,
    env: {
      ...env,
      REDIS_URL: `redis://127.0.0.1:${way.port}`,
      KEY_PREFIX: PREFIX,
      MODEL_DIR: modelDir,
      MODELS: '',
      MAX_BATCH_SIZE: String(MAX_BATCH_SIZE),
      LEASE_SECONDS: String(settings.leaseMs / 1000),
      EXECUTION_PROVIDERS: 'cpu',
      INTRA_OP_THREADS: '1',
      DRAIN_SECONDS: '10',
      HEALTH_PORT: '',
    },
  })
  return { part, way }
}

async function gateway(
  i: number,
  redisPort: number,
  token: string,
  { folder, env }: StackPlace,
): Promise<WithPort> {
  const [way, port] = [await Way.open(redisPort), await freePort()]
  const part = new Part({
    name: `gateway-${i}`,
    entry: 'gateway/main.ts',
    folder,
    env: {
      ...env,
      REDIS_URL: `redis://127.0.0.1:${way.port}`,
      GATEWAY_TOKEN: token,
      GATEWAY_PORT: String(port),
    },
  })
  return { part, way, port }
}

async function edge(
  i: number,
  gatewayPort: number,
  token: string,
  { settings, folder, env }: StackPlace,
): Promise<WithPort> {
  const [way, port] = [await Way.open(gatewayPort), await freePort()]
  const part = new Part({
    name: `edge-${i}`,
    entry: 'edge/node.ts',
    folder,
    env: {
      ...env,
      UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${way.port}`,
      UPSTASH_REDIS_REST_TOKEN: token,
      KEY_PREFIX: PREFIX,
      HOST: '127.0.0.1',
      PORT: String(port),
      ALLOW_ANONYMOUS: 'true',
      DEFAULT_MODEL: '',
      MAX_BACKLOG: '100000',
      JOB_DEADLINE_SECONDS: String(settings.deadlineMs / 1000),
      RESULT_TTL_SECONDS: String(settings.resultTtlMs / 1000),
      TOMBSTONE_SECONDS: String(settings.tombstoneMs / 1000),
      CACHE_TTL_SECONDS: String(settings.cacheTtlMs / 1000),
    },
  })
  return { part, way, port }
}
