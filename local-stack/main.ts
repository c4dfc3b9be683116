import { join } from 'node:path'
import { prepareConsole } from '../console/prepare-console.ts'
import { edgeEnvSchema } from '../edge/env.ts'
import { splitModelReference } from '../shared/model-reference.ts'
import { readConfiguration } from '../shared/read-configuration.ts'
import { whenAborted } from '../worker-pool/when-aborted.ts'
import { definedVariables } from './defined-variables.ts'
import { stackEnvSchema } from './env.ts'
import { firstRequest } from './first-request.ts'
import { freePortAfter } from './free-port.ts'
import { PROJECT_ROOT } from './project-root.ts'
import { readyText } from './ready-text.ts'
import { PortTakenError, reservePort } from './reserved-port.ts'
import { type Stack, startStack } from './stack.ts'
import { emptyFolder } from './stack-folder.ts'
import { readStartFlags, StartFlagError } from './start-flags.ts'

/** As the exit code of `edgebatch` has it. */
const CALLED_WRONGLY = 2

/** Entry: `npm start`, the whole system on this machine until Ctrl-C. */
async function main(): Promise<void> {
  const flags = readStartFlags(process.argv.slice(2))
  const env = definedVariables(process.env)
  const settings = readConfiguration(stackEnvSchema, { ...env, ...flags })
  const { PORT, REDIS_URL, EDGE, POOLS, ALLOW_ANONYMOUS } = settings
  const reserved = PORT === 0 ? undefined : await reservePort(PORT)
  const interrupted = interruption()
  console.log('Starting Edgebatch (Ctrl-C stops everything)')
  const folder = join(PROJECT_ROOT, '.edgebatch', `port-${PORT}`)
  const stack = await started(interrupted, async () => {
    await emptyFolder(folder)
    // wrangler does by itself, for the Worker.
    if (EDGE === 'node')
      await Promise.race([prepareConsole((line) => say('console', line)), whenAborted(interrupted)])
    return startStack({
      folder,
      edgePort: PORT,
      releaseEdgePort: async () => reserved?.release(),
      edgeRuntime: EDGE,
      pools: POOLS,
      redisUrl: REDIS_URL,
      env,
      edgeBindings: (served) => ({
        ...Object.fromEntries(Object.entries(env).filter(([name]) => name in edgeEnvSchema.shape)),
        DEFAULT_MODEL: defaultModel(env, served),
        ALLOW_ANONYMOUS,
      }),
      onProgress: say,
      signal: interrupted,
    })
  })
  if (stack !== undefined) {
    const { query, warning } = firstRequest(stack.served, defaultModel(env, stack.served))
    if (warning) say('edge', `warning: ${warning}`)
    const ownRedis = REDIS_URL === undefined ? stack.redisUrl : undefined
    const anonymous = ALLOW_ANONYMOUS === 'true'
    console.log(`\n${readyText({ url: stack.edge.url, query, pools: POOLS, anonymous, ownRedis })}\n`)
    const crash = await Promise.race([whenAborted(interrupted), stack.endedByItself])
    if (crash === undefined)
      console.log('\nStopping: claimed jobs are finished first (Ctrl-C again stops at once)')
    await stack.stop()
    if (crash !== undefined) throw new Error(`${crash}\nEverything else was stopped. Logs: ${folder}`)
  }
  console.log('Stopped')
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

/** Which models are served. */
const MODEL_SETTINGS = ['MODELS', 'MODEL_DIR', 'MODEL_REPOSITORY']
const OWN_MODEL = 'efficientnet-lite0'

/**
 * DEFAULT_MODEL, or where that is not set the model that comes with the project: it goes on to answer who names none once others stand beside it,
 * if it is served at all. Where no pool runs yet, it will be. Empty: none.
 */
function defaultModel(env: Record<string, string>, served: readonly string[]): string {
  if (env.DEFAULT_MODEL) return env.DEFAULT_MODEL
  if (MODEL_SETTINGS.some((name) => env[name])) return ''
  const isServed = served.some((id) => splitModelReference(id).name === OWN_MODEL)
  return isServed || served.length === 0 ? OWN_MODEL : ''
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

/** What to say of it, with the way out for who has typed `npm start` or `edgebatch start`. */
async function reasonOf(error: unknown): Promise<string> {
  if (!(error instanceof PortTakenError)) return error instanceof Error ? error.message : String(error)
  const free = await freePortAfter(error.port)
  const wayOut = process.argv.includes('--edgebatch-start')
    ? `edgebatch start --port ${free}`
    : `PORT=${free} npm start`
  return `${error.message}. Stop what listens there, or take another: ${wayOut}`
}

main().then(
  () => process.exit(0),
  async (error: unknown) => {
    console.error(`\n${await reasonOf(error)}`)
    process.exit(error instanceof StartFlagError ? CALLED_WRONGLY : 1)
  },
)
