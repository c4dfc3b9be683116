import { setTimeout as sleep } from 'node:timers/promises'
import { type Caller, isEnd } from './caller.ts'
import type { ChannelRecorder } from './channel-recorder.ts'
import type { History, RequestRecord } from './history.ts'
import type { RequestPlan } from './request-plan.ts'
import type { ChaosSettings } from './settings.ts'

/** How long a client tries to have a request accepted, and how long it asks for its job beyond the deadline. */
const TRY_FOR_MS = 60_000
const BEYOND_DEADLINE_MS = 10_000
/** Pauses between tries grow from and to these, ms. */
const FIRST_PAUSE_MS = 100
const LAST_PAUSE_MS = 1_500

export interface LoadParts {
  caller: Caller
  channels: ChannelRecorder
  history: History
  settings: ChaosSettings
  /** Called before each request begins. */
  onRequest: (number: number) => void
  signal: AbortSignal
}

/** Makes the planned requests, as fast as they may come; resolves when each has been followed to its end. */
export async function makeRequests(plans: readonly RequestPlan[], parts: LoadParts): Promise<void> {
  const { settings, history, onRequest, signal } = parts
  const until = Date.now() + settings.submitWithinMs
  const [open, all] = [new Set<Promise<void>>(), [] as Promise<void>[]]
  for (const plan of plans) {
    await sleep(plan.pauseMs, undefined, { signal })
    while (open.size >= settings.open) await Promise.race(open)
    if (Date.now() > until) break
    onRequest(plan.number)
    const request = history.begin(plan)
    const followed = performRequest(request, parts)
    all.push(followed)
    // What fails is told below, and must not count as unhandled before.
    const over = followed.catch(() => {}).finally(() => open.delete(over))
    open.add(over)
  }
  await Promise.all(all)
}

/** All that one caller does. */
async function performRequest(request: RequestRecord, parts: LoadParts): Promise<void> {
  const { caller, channels, signal } = parts
  const { plan } = request
  const beside = Array.from({ length: plan.beside }, (_, i) => caller.predict(request, plan.edge + 1 + i, 0))
  const id = await untilAccepted(request, parts)
  await Promise.all(beside)
  if (id === undefined) return
  const later = (ms: number, call: () => Promise<unknown>) => sleep(ms, undefined, { signal }).then(call)
  await Promise.all([
    follow(request, id, parts),
    plan.watched && channels.watch(id),
    ...plan.again.map((ms) => later(ms, () => caller.predict(request, plan.edge + 1, 0))),
    plan.cancelAfterMs === undefined || later(plan.cancelAfterMs, () => cancel(request, id, caller)),
  ])
  for (const ms of plan.lookAgainMs) await later(ms, () => caller.look(id, plan.edge))
}

/** Without a key, what got no answer is not called again: nobody could tell whether it was accepted. */
async function untilAccepted(
  request: RequestRecord,
  { caller, signal }: LoadParts,
): Promise<string | undefined> {
  const { plan } = request
  const until = Date.now() + TRY_FOR_MS
  let pause = FIRST_PAUSE_MS
  for (let turn = 0; !signal.aborted; turn++) {
    const { id, status } = await caller.predict(request, plan.edge + turn)
    const mayRepeat = plan.idempotencyKey !== undefined || status !== null
    if (id !== undefined || !mayRepeat || Date.now() > until) return id
    await sleep(pause, undefined, { signal })
    pause = Math.min(2 * pause, LAST_PAUSE_MS)
  }
  return undefined
}

/** Asks for the job until its end is told: at once, and then waiting for it. */
async function follow(
  { plan }: RequestRecord,
  id: string,
  { caller, settings, signal }: LoadParts,
): Promise<void> {
  const until = Date.now() + settings.deadlineMs + BEYOND_DEADLINE_MS
  let pause = FIRST_PAUSE_MS
  for (let turn = 1; Date.now() < until && !signal.aborted; turn++) {
    if (isEnd(await caller.look(id, plan.edge + turn, turn % 2 === 0 ? 2 : 0))) return
    await sleep(pause, undefined, { signal })
    pause = Math.min(1.5 * pause, LAST_PAUSE_MS)
  }
}

/** Twice if it is not told what became of it. */
async function cancel(request: RequestRecord, id: string, caller: Caller): Promise<void> {
  request.askedToCancel = true
  const { edge } = request.plan
  if (!(await caller.cancel(id, edge))) await caller.cancel(id, edge + 1)
}
