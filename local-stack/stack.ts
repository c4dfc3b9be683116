import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { POOL_NODE_FLAGS } from '../worker-pool/node-flags.ts'
import { evictionWarning, readEvictionPolicy } from '../worker-pool/redis/eviction.ts'
import { connectRedis } from '../worker-pool/redis/redis-connection.ts'
import { bundleEdge, type EdgeBundle } from './edge-bundle.ts'
import { modelLine } from './model-line.ts'
import { type NodeService, type ServiceSpec, startService } from './node-service.ts'
import { ensureRedisBinary } from './redis-binary.ts'
import { startRedis } from './redis-server.ts'

/** How long Redis may take to answer a question, in ms. */
const SILENCE_MS = 10_000

/** Where the edge runs: in workerd as it would be deployed, or on Node. */
export const EDGE_RUNTIMES = ['workerd', 'node'] as const
export type EdgeRuntime = (typeof EDGE_RUNTIMES)[number]

export interface StackOptions {
  /** For logs and the edge's bundle. */
  folder: string
  /** 0 takes any free port. */
  edgePort: number
  edgeRuntime: EdgeRuntime
  pools: number
  /** A Redis that runs already; undefined starts one. */
  redisUrl?: string | undefined
  /** Its address for gateway and pools, where each is a user of its own. */
  redisUrls?: { edge: string; pool: string } | undefined
  /** Variables for every process, PATH among them. */
  env: Record<string, string>
  /** Settings of the edge and of the pools, by their variables' names. */
  edgeBindings?: Record<string, string>
  poolEnv?: Record<string, string>
  /** For workerd: a bundle made before; undefined makes one. */
  bundle?: EdgeBundle | undefined
  onProgress?: (part: string, line: string) => void
  /** Ends what is being started; once all is up it changes nothing. */
  signal?: AbortSignal
}

export interface Stack {
  edge: { url: string; service: NodeService }
  redisUrl: string
  gateway: { url: string; token: string; service: NodeService }
  pools: NodeService[]
  addPool: () => Promise<NodeService>
  /** Resolves with what happened, if a part ends by itself. */
  endedByItself: Promise<string>
  /** Stops all that was started here, the newest first. */
  stop: () => Promise<void>
}

/**
 * The whole system on this machine: Redis, gateway, worker pools, and the edge. Throws if a part fails to start, or when `signal` aborts
 * before that; nothing runs then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const builder = new StackBuilder(options)
  try {
    return await builder.build()
  } catch (error) {
    await builder.stop()
    throw error
  }
}

class StackBuilder {
  readonly #options: StackOptions
  readonly #stops: (() => Promise<void>)[] = []
  readonly #endings: Promise<string>[] = []
  readonly #ending = new AbortController()
  /** Ends what is not up yet. */
  readonly #starting: AbortSignal

  constructor(options: StackOptions) {
    this.#options = options
    const { signal } = options
    this.#starting = AbortSignal.any([this.#ending.signal, ...(signal ? [signal] : [])])
  }

  async build(): Promise<Stack> {
    const { pools: count, edgeRuntime } = this.#options
    const bundling = edgeRuntime === 'workerd' ? this.#bundle() : undefined
    const redisUrl = this.#options.redisUrl ?? (await this.#startRedis())
    const { edge: gatewayUrl, pool: poolUrl } = this.#options.redisUrls ?? { edge: redisUrl, pool: redisUrl }
    const gateway = await this.#startGateway(gatewayUrl)
    await this.#warnOfEviction(redisUrl)
    const pools: NodeService[] = []
    const addPool = async () => {
      const pool = await this.#startPool(poolUrl, `worker-pool-${pools.length + 1}`)
      pools.push(pool)
      return pool
    }
    for (let i = 0; i < count; i++) await addPool()
    const redis = { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token }
    const edge = await (bundling
      ? this.#startEdgeInWorkerd(await bundling, redis)
      : this.#startEdgeOnNode(redis))
    this.#starting.throwIfAborted()
    const endedByItself = Promise.race(this.#endings)
    return { edge, redisUrl, gateway, pools, addPool, endedByItself, stop: () => this.stop() }
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    for (const stop of this.#stops.splice(0).reverse()) await stop()
  }

  #say(part: string, line: string): void {
    if (!this.#starting.aborted) this.#options.onProgress?.(part, line)
  }

  #bundle(): Promise<EdgeBundle> {
    const { bundle, folder, env } = this.#options
    if (bundle) return Promise.resolve(bundle)
    const bundling = bundleEdge(join(folder, 'edge-bundle'), env, { signal: this.#starting })
    // Awaited by `build`, too; a failure before that must not count as unhandled.
    const ended = bundling.then(noop, noop)
    this.#stops.push(() => ended)
    return bundling
  }

  async #startRedis(): Promise<string> {
    const { env, folder } = this.#options
    const binary = await ensureRedisBinary(env.PATH ?? '', (line) => this.#say('redis', line))
    const redis = await startRedis(binary, join(folder, 'redis'))
    this.#stops.push(redis.stop)
    this.#endings.push(redis.endedByItself)
    this.#say('redis', `${redis.version} at ${redis.url}`)
    return redis.url
  }

  /** Pools say so as well, but in their logs. */
  async #warnOfEviction(url: string): Promise<void> {
    const redis = await connectRedis(url, { maxRetriesPerRequest: 0, socketTimeout: SILENCE_MS })
    redis.on('error', () => {})
    const warning = evictionWarning(await readEvictionPolicy(redis))
    redis.disconnect()
    if (warning) this.#say('redis', `warning: ${warning.found}; ${warning.fix}`)
  }

  async #startGateway(redisUrl: string): Promise<Stack['gateway']> {
    const token = randomBytes(24).toString('base64url')
    const { env } = this.#options
    const service = await this.#start({
      name: 'gateway',
      entry: 'gateway/main.ts',
      env: { ...env, REDIS_URL: redisUrl, GATEWAY_TOKEN: token, GATEWAY_PORT: '0' },
    })
    const url = `http://127.0.0.1:${service.ready.port}`
    this.#say('gateway', `Upstash REST at ${url}`)
    return { url, token, service }
  }

  async #startPool(redisUrl: string, name: string): Promise<NodeService> {
    const { env, poolEnv } = this.#options
    this.#say(name, 'loading models and warming them up')
    const service = await this.#start({
      name,
      entry: 'worker-pool/main.ts',
      nodeFlags: POOL_NODE_FLAGS,
      env: { ...env, ...poolEnv, REDIS_URL: redisUrl },
      onMessage: (news) => this.#say(name, modelLine(news)),
    })
    const { models, refused } = service.ready as { models: string[]; refused: string[] }
    this.#say(name, `serves ${models.join(', ')}`)
    for (const reason of refused) this.#say(name, modelLine({ what: 'cannot be served', reason }))
    return service
  }

  async #startEdgeInWorkerd(bundle: EdgeBundle, redis: Record<string, string>): Promise<Stack['edge']> {
    const { env, edgePort, edgeBindings } = this.#options
    const service = await this.#start({
      name: 'edge',
      entry: 'local-stack/edge-main.ts',
      env: {
        ...env,
        PORT: String(edgePort),
        EDGE_BUNDLE: bundle.folder,
        EDGE_BINDINGS: JSON.stringify({ ...edgeBindings, ...redis }),
      },
    })
    return this.#edge(service, `workerd at ${service.ready.url} (${bundle.gzipSize} gzip when deployed)`)
  }

  async #startEdgeOnNode(redis: Record<string, string>): Promise<Stack['edge']> {
    const { env, edgePort, edgeBindings } = this.#options
    const service = await this.#start({
      name: 'edge',
      entry: 'edge/node.ts',
      env: { ...env, ...edgeBindings, ...redis, HOST: '127.0.0.1', PORT: String(edgePort) },
    })
    return this.#edge(service, `Node at ${service.ready.url}`)
  }

  #edge(service: NodeService, what: string): Stack['edge'] {
    this.#say('edge', what)
    return { url: String(service.ready.url), service }
  }

  async #start(spec: Omit<ServiceSpec, 'folder' | 'signal'>): Promise<NodeService> {
    const { folder } = this.#options
    const service = await startService({ ...spec, folder, signal: this.#starting })
    this.#stops.push(service.stop)
    this.#endings.push(service.endedByItself)
    return service
  }
}

function noop(): void {}
