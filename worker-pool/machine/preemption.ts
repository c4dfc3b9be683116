import type { Clock } from '../../shared/clock.ts'
import { Ec2Notices } from './ec2/ec2-notices.ts'
import { gcpPreemptions, isGcp } from './gcp-preemption.ts'

/** The cloud is about to take this machine away. */
export interface PreemptionNotice {
  source: 'ec2' | 'gcp'
  /** When at the earliest, in milliseconds since the Unix epoch. */
  at: number
}

export interface PreemptionOptions {
  /** `auto`: whichever cloud's metadata server answers. */
  kind: 'ec2' | 'gcp' | 'auto'
  /** Called once at most. */
  onNotice: (notice: PreemptionNotice) => void
  clock: Clock
  log: {
    info: (details: object, text: string) => void
    warn: (details: object, text: string) => void
  }
  /** Ends the watch. */
  signal: AbortSignal
  /** Where the metadata server is; both clouds have theirs at the same address. */
  baseUrl?: string
}

interface MetadataSource {
  readonly source: 'ec2' | 'gcp'
  /** Between two looks. */
  readonly pauseMs: number
  look(signal: AbortSignal): Promise<PreemptionNotice | undefined>
}

/** Of both clouds. */
export const METADATA_SERVER = 'http://169.254.169.254'
const PAUSE_AFTER_ERROR_MS = 5_000
/** The network of a machine that has just started may not be there yet. */
const ATTEMPTS_TO_FIND = 3

/**
 * Resolves after the notice, when `signal` aborts, or if no cloud is found. Never rejects: a metadata server that is away
 * costs the warning ahead of time, not the pool, and is asked again.
 */
export async function watchPreemption(options: PreemptionOptions): Promise<void> {
  const { signal, log } = options
  const sources = await findSources(options)
  const [first] = sources
  if (!first) {
    if (!signal.aborted) log.info({}, 'no metadata server of a cloud: not watching for preemption')
    return
  }
  log.info({ source: first.source }, 'watching for preemption')
  const noticed = new AbortController()
  const either = AbortSignal.any([signal, noticed.signal])
  const onNotice = (notice: PreemptionNotice) => {
    if (either.aborted) return
    noticed.abort()
    options.onNotice(notice)
  }
  await Promise.all(sources.map((source) => watchSource(source, { ...options, onNotice, signal: either })))
}

async function watchSource(source: MetadataSource, options: PreemptionOptions): Promise<void> {
  const { signal, clock, log } = options
  let failing = false
  while (!signal.aborted) {
    try {
      const notice = await source.look(signal)
      if (signal.aborted) return
      if (notice) return options.onNotice(notice)
      if (failing) log.info({ source: source.source }, 'the metadata server answers again')
      failing = false
      await clock.sleep(source.pauseMs, signal)
    } catch (error) {
      if (signal.aborted) return
      // Once, and not every five seconds of an outage.
      if (!failing)
        log.warn({ source: source.source, reason: reasonOf(error) }, 'cannot watch for preemption')
      failing = true
      await clock.sleep(PAUSE_AFTER_ERROR_MS, signal)
    }
  }
}

async function findSources(options: PreemptionOptions): Promise<MetadataSource[]> {
  const { kind, clock, signal, baseUrl = METADATA_SERVER } = options
  const ec2 = new Ec2Notices(baseUrl, clock)
  const gcp = gcpPreemptions(baseUrl, clock)
  if (kind !== 'auto') return kind === 'ec2' ? [ec2] : gcp
  for (let attempt = 1; !signal.aborted; attempt++) {
    const [onEc2, onGcp] = await Promise.all([ec2.isHere(signal), isGcp(baseUrl, signal)])
    if (onGcp) return gcp
    if (onEc2) return [ec2]
    if (attempt === ATTEMPTS_TO_FIND) break
    await clock.sleep(PAUSE_AFTER_ERROR_MS, signal)
  }
  return []
}

/** `fetch` says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
