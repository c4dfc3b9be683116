import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { POOL_NODE_FLAGS } from '../worker-pool/node-flags.ts'
import { bundleEdge, type EdgeBundle } from './edge-bundle.ts'
import { edgeProcess } from './edge-process.ts'
import type { EdgeRuntime } from './env.ts'
import { evictionLine } from './eviction-line.ts'
import { isPortFree } from './free-port.ts'
import { modelLine } from './model-line.ts'
import { type NodeService, type ServiceSpec, startService } from './node-service.ts'
import { ensureRedisBinary } from './redis-binary.ts'
import { startRedis } from './redis-server.ts'
import { PortTakenError } from './reserved-port.ts'

type EdgeBindings = Record<string, string>

export interface StackOptions {
  /** For logs and the edge's bundle. */
  folder: string
  /** 0 takes any free port. */
  edgePort: number
  /** Called when the edge is about to listen there, for who has kept the port until then. */
  releaseEdgePort?: () => Promise<void>
  edgeRuntime: EdgeRuntime
  pools: number
  /** A Redis that runs already; undefined starts one. */
  redisUrl?: string | undefined
  /** Its address for gateway and pools, where each is a user of its own. */
  redisUrls?: { edge: string; pool: string } | undefined
  /** Variables for every process, PATH among them. */
  env: Record<string, string>
  /** Settings of the edge and of the pools, by their variables' names. The edge's may depend on what the pools serve. */
  edgeBindings?: EdgeBindings | ((served: readonly string[]) => EdgeBindings)
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
  /** `name@version` of what the pools serve that were started with it. */
  served: readonly string[]
  addPool: () => Promise<NodeService>
  /** Resolves with what happened, if a part ends by itself. */
  endedByItself: Promise<string>
  /** Stops all that was started here, the newest first. */
  stop: () => Promise<void>
}

/**
 * The whole system on this machine: Redis, gateway, worker pools, and the edge. Throws if a part fails to start (PortTakenError where the edge's
 * port is why), or when `signal` aborts before that; nothing runs then.
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
    const warning = await evictionLine(redisUrl)
    if (warning) this.#say('redis', warning)
    const pools: NodeService[] = []
    const addPool = async () => {
      const pool = await this.#startPool(poolUrl, `worker-pool-${pools.length + 1}`)
      pools.push(pool)
      return pool
    }
    for (let i = 0; i < count; i++) await addPool()
    const served = [...new Set(pools.flatMap(({ ready }) => ready.models as string[]))]
    const edge = await this.#startEdge(await bundling, {
      ...this.#edgeBindings(served),
      UPSTASH_REDIS_REST_URL: gateway.url,
      UPSTASH_REDIS_REST_TOKEN: gateway.token,
    })
    this.#starting.throwIfAborted()
    const endedByItself = Promise.race(this.#endings)
    return { edge, redisUrl, gateway, pools, served, addPool, endedByItself, stop: () => this.stop() }
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

  #edgeBindings(served: readonly string[]): EdgeBindings {
    const { edgeBindings = {} } = this.#options
    return typeof edgeBindings === 'function' ? edgeBindings(served) : edgeBindings
  }

  async #startEdge(bundle: EdgeBundle | undefined, bindings: EdgeBindings): Promise<Stack['edge']> {
    const { env, edgePort: port, releaseEdgePort } = this.#options
    await releaseEdgePort?.()
    const service = await this.#start(edgeProcess({ bundle, port, env, bindings })).catch(async (error) => {
      // Ours has ended: somebody else listens there.
      const isTaken = port !== 0 && !this.#starting.aborted && !(await isPortFree(port))
      throw isTaken ? new PortTakenError(port) : error
    })
    const url = String(service.ready.url)
    const where = bundle ? `workerd at ${url} (${bundle.gzipSize} gzip when deployed)` : `Node at ${url}`
    this.#say('edge', where)
    return { url, service }
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
