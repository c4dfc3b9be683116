import { systemClock } from '../../shared/clock.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { refuseUnknown } from '../flags.ts'
import { withEdge } from '../service/with-edge.ts'
import type { Terminal } from '../terminal.ts'
import { hasSucceeded, isPending, type Outcome, outcomeText, receiptText } from './outcome.ts'
import { type PhotoSource, photoSources } from './photo-sources.ts'
import { type PredictFlags, parsePredictFlags, predictArgs } from './predict-flags.ts'
import { predictPhotos, type Tally } from './predict-photos.ts'
import { ResultsFile } from './results-file.ts'
import { SubmissionPace } from './submission-pace.ts'

export function predictCommand(
  terminal: Terminal,
  environment: Environment,
  readInput: () => Promise<Uint8Array>,
) {
  return command({
    meta: { name: 'predict', description: 'Run a model on photos.' },
    args: predictArgs,
    details: [
      'Results are printed as they come. A photo that is sent again, asked the same, is not run again: its Idempotency-Key is made of its bytes. So a run that broke off can be repeated; with --resume FILE, what is done is not even sent again.',
      'Who is told to come back later (queue full, rate used up) does so; Ctrl-C leaves at the service what was sent.',
    ],
    examples: [
      { does: 'one photo', line: 'edgebatch predict examples/cat.jpg' },
      {
        does: 'a folder, to be gone on with after Ctrl-C by the same command',
        line: "edgebatch predict 'photos/**/*.jpg' --resume results.jsonl",
      },
      {
        does: 'what another program prints',
        line: 'curl -s https://example.com/cat.jpg | edgebatch predict - --json',
      },
      { does: 'hand in now, ask later', line: 'edgebatch predict cat.jpg --async' },
    ],
    run: async ({ args: given }) => {
      refuseUnknown(given, predictArgs, Number.POSITIVE_INFINITY)
      const flags = parsePredictFlags(given)
      const photos = await photoSources(flags.names, readInput)
      const results = flags.resume === undefined ? undefined : await ResultsFile.open(flags.resume)
      try {
        return await run(photos, flags, results, terminal, environment)
      } finally {
        await results?.close()
      }
    },
  })
}

/** Resolves to the exit code. */
async function run(
  photos: readonly PhotoSource[],
  flags: PredictFlags,
  results: ResultsFile | undefined,
  terminal: Terminal,
  environment: Environment,
): Promise<number> {
  const pace = new SubmissionPace(systemClock)
  const progress = photos.length > 1 ? terminal.startProgress(photos.length, 0, 'files') : undefined
  let done = 0
  const onAnswer = ({ status, headers }: Response) => {
    pace.told(headers)
    const seconds = headers.get('retry-after')
    if (status === 429 || status === 503) progress?.update(done, `told to come back in ${seconds ?? '?'} s`)
  }
  const report = async (outcome: Outcome | undefined) => {
    progress?.update(++done)
    if (!outcome) return
    await results?.add(outcome)
    say(outcome, flags, terminal)
  }
  try {
    const tally = await withEdge(
      environment,
      terminal,
      ({ client }) => {
        const { asked, isAsync, waitMs } = flags
        const anew = flags.anew ? crypto.randomUUID() : undefined
        const all = { client, asked, isAsync, waitMs, anew, results, pace, clock: systemClock }
        return predictPhotos(photos, flags.concurrency, { ...all, signal: terminal.stopped }, report)
      },
      { onAnswer },
    )
    progress?.stop()
    return conclude(photos.length, tally, flags, terminal)
  } finally {
    progress?.stop()
  }
}

function say(outcome: Outcome, { json, isAsync }: PredictFlags, { print, warn }: Terminal): void {
  const isWell = hasSucceeded(outcome) || (isAsync && isPending(outcome))
  const line = isAsync ? receiptText(outcome) : outcomeText(outcome)
  if (json) print(JSON.stringify(outcome))
  else if (isWell) print(line)
  else warn(line)
}

function conclude(total: number, tally: Tally, flags: PredictFlags, { stopped, warn }: Terminal): number {
  const { succeeded, pending, failed, earlier } = tally
  if (total > 1 || stopped.aborted) {
    const parts = [
      `${succeeded + earlier} of ${total} succeeded`,
      ...(earlier > 0 ? [`${earlier} of them earlier`] : []),
      ...(pending > 0 ? [`${pending} have not ended yet`] : []),
      ...(failed > 0 ? [`${failed} failed or were refused`] : []),
    ]
    warn(parts.join(', '))
  }
  if (stopped.aborted) {
    warn('interrupted; run the same again: what was sent is not run twice')
    return EXIT_CODES.interrupted
  }
  if (failed > 0) return EXIT_CODES.failed
  return pending > 0 && !flags.isAsync ? EXIT_CODES.unavailable : EXIT_CODES.done
}
