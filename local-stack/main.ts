import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { prepareConsole } from '../console/prepare-console.ts'
import { edgeEnvSchema } from '../edge/env.ts'
import { ConfigurationError, portNumber, readConfiguration, redisUrl } from '../shared/read-configuration.ts'
import { whenAborted } from '../worker-pool/when-aborted.ts'
import { definedVariables } from './defined-variables.ts'
import { isPortFree } from './free-port.ts'
import { PROJECT_ROOT } from './project-root.ts'
import { EDGE_RUNTIMES, type Stack, startStack } from './stack.ts'

const envSchema = z.object({
  PORT: portNumber.default(8787),
  REDIS_URL: redisUrl.optional(),
  /** Where the edge runs. */
  EDGE: z.enum(EDGE_RUNTIMES, { error: 'must be workerd or node' }).default('workerd'),
  /** Worker pools to start. */
  POOLS: z.coerce.number({ error: 'must be a number' }).int().min(0).max(64).default(1),
  /** Whether who sends no API key is served: here, unlike where it is deployed, unless this says otherwise. */
  ALLOW_ANONYMOUS: z.enum(['true', 'false'], { error: 'must be true or false' }).default('true'),
})

/** Entry: `npm start`, the whole system on this machine until Ctrl-C. */
async function main(): Promise<void> {
  const env = definedVariables(process.env)
  const { PORT, REDIS_URL, EDGE, POOLS, ALLOW_ANONYMOUS } = readConfiguration(envSchema, env)
  if (!(await isPortFree(PORT))) {
    throw new ConfigurationError(
      `Port ${PORT} is in use. Stop what listens there, or take another: ${startedWith(PORT + 1)}`,
    )
  }
  const interrupted = interruption()
  console.log('Starting Edgebatch (Ctrl-C stops everything)')
  const folder = join(PROJECT_ROOT, '.edgebatch', `port-${PORT}`)
  const stack = await started(interrupted, async () => {
    await rm(folder, { recursive: true, force: true })
    // wrangler does by itself, for the Worker.
    if (EDGE === 'node')
      await Promise.race([prepareConsole((line) => say('console', line)), whenAborted(interrupted)])
    return startStack({
      folder,
      edgePort: PORT,
      edgeRuntime: EDGE,
      pools: POOLS,
      redisUrl: REDIS_URL,
      env,
      edgeBindings: {
        ...defaultModel(env),
        ...Object.fromEntries(Object.entries(env).filter(([name]) => name in edgeEnvSchema.shape)),
        ALLOW_ANONYMOUS,
      },
      onProgress: say,
      signal: interrupted,
    })
  })
  if (stack !== undefined) {
    sayReady(stack, ALLOW_ANONYMOUS === 'true', REDIS_URL !== undefined)
    const crash = await Promise.race([whenAborted(interrupted), stack.endedByItself])
    if (crash === undefined)
      console.log('\nStopping: claimed jobs are finished first (Ctrl-C again stops at once)')
    await stack.stop()
    if (crash !== undefined) throw new Error(`${crash}\nEverything else was stopped. Logs: ${folder}`)
  }
  console.log('Stopped')
}

/** How to start this on another port, as whoever started it did: `edgebatch start` says so in our arguments. */
function startedWith(port: number): string {
  return process.argv.includes('--edgebatch-start')
    ? `edgebatch start --port ${port}`
    : `PORT=${port} npm start`
}

/** Undefined if it was interrupted: what then failed, failed for that. */
async function started(interrupted: AbortSignal, start: () => Promise<Stack>): Promise<Stack | undefined> {
  const sayStopping = () => console.log('\nStopping (Ctrl-C again stops at once)')
  interrupted.addEventListener('abort', sayStopping)
  try {
    return await start()
  } catch (error) {
    if (interrupted.aborted) return undefined
    throw error
  } finally {
    interrupted.removeEventListener('abort', sayStopping)
  }
}

function say(part: string, line: string): void {
  console.log(`  ${part.padEnd(14)} ${line}`)
}

function sayReady(stack: Stack, anonymous: boolean, redisIsGiven: boolean): void {
  const origin = stack.edge.url.replace('127.0.0.1', 'localhost')
  const url = `${origin}/predict`
  // Who has given REDIS_URL has it in the environment; it may hold a password, which is not repeated.
  const where = redisIsGiven ? '' : `REDIS_URL=${stack.redisUrl} `
  if (stack.pools.length === 0) {
    console.log(`
No pool runs here, and photos wait until there is one: start one with

  ${where}npm run worker-pool`)
  }
  const ready = stack.pools.length === 0 ? '' : 'Ready. '
  if (anonymous) {
    console.log(`
${ready}Send a photo:

  curl -X POST -F image=@examples/cat.jpg ${url}

or drop some at ${origin} in a browser.

No API key is asked for (ALLOW_ANONYMOUS=false npm start asks for one).
`)
    return
  }
  console.log(`
${ready}Make an API key and send a photo:

  KEY=$(${where}npx edgebatch keys create)
  curl -X POST -H "Authorization: Bearer $KEY" -F image=@examples/cat.jpg ${url}

or use the key at ${origin} in a browser.
`)
}

/** Which models are served. */
const MODEL_SETTINGS = ['MODELS', 'MODEL_DIR', 'MODEL_REPOSITORY']

/** The model that comes with the project goes on to answer who names none once others stand beside it, if it is served at all. */
function defaultModel(env: Record<string, string>): Record<string, string> {
  return MODEL_SETTINGS.some((name) => env[name]) ? {} : { DEFAULT_MODEL: 'efficientnet-lite0' }
}

/** npm passes on a Ctrl-C that the terminal has sent to us already: two this close together are one. */
const SAME_INTERRUPT_MS = 500

/**
 * Aborts on the first Ctrl-C or SIGTERM, or when who has started us over IPC is gone; a second one ends this process, and with it all it
 * started.
 */
function interruption(): AbortSignal {
  const interrupted = new AbortController()
  let first: number | undefined
  const interrupt = () => {
    first ??= performance.now()
    if (performance.now() - first > SAME_INTERRUPT_MS) process.exit(130)
    interrupted.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.once('disconnect', interrupt)
  return interrupted.signal
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : error}`)
    process.exit(1)
  },
)
