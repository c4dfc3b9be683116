import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processEnv } from '../support/process-env.ts'
import { OFFENCES } from './checker.ts'
import { FAULT_KINDS } from './fault-plan.ts'
import { endOf } from './job-checks.ts'
import { runChaos } from './run.ts'
import { SHORT_RUN } from './settings.ts'

/** A run that loses jobs waits for them until their deadlines. */
const FAILING_RUN_MS = 300_000

/** Any will do. What is drawn from it is the same each time; when processes die, and what they do then, is real. */
const SEED = 1

test(
  'under every kind of fault nothing is lost, ends twice or wrongly, or stays behind',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-chaos-'))
    const run = await runChaos(
      { ...SHORT_RUN, seed: SEED },
      { folder, env: processEnv(), signal: new AbortController().signal, onProgress: () => {} },
    )
    expect(run.verdict, `logs are in ${folder}`).toEqual(
      Object.fromEntries(OFFENCES.map((offence) => [offence, []])),
    )
    // It did happen: every fault, and jobs that ended, most of them well.
    expect([...run.faults.begun.keys()].sort()).toEqual([...FAULT_KINDS].sort())
    const ends = [...run.history.jobs.values()].map((job) => endOf(job)?.status)
    expect(ends.filter((status) => status === 'succeeded').length).toBeGreaterThan(SHORT_RUN.requests / 2)
    await rm(folder, { recursive: true, force: true })
  },
  FAILING_RUN_MS,
)
