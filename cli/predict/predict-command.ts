import { resolve } from 'node:path'
import { systemClock } from '../../shared/clock.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import { type Edge, withEdge } from '../service/with-edge.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { type PhotoSource, photoSources } from './photo-sources.ts'
import { type PredictFlags, parsePredictFlags, predictArgs } from './predict-flags.ts'
import { predictPhotos } from './predict-photos.ts'
import { ResultsFile } from './results-file.ts'
import { RunReport } from './run-report.ts'
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
      const photos = (await photoSources(flags.names, readInput)).filter(
        ({ file }) => !isSame(file, flags.resume),
      )
      if (photos.length === 0) throw new UsageError('there is nothing but the file of --resume')
      const results = flags.resume === undefined ? undefined : await ResultsFile.open(flags.resume)
      try {
        return await run(photos, flags, results, terminal, environment)
      } finally {
        await results?.close()
      }
    },
  })
}

/** A pattern may take in the file of results, once that is there. */
function isSame(file: string, resume: string | undefined): boolean {
  return resume !== undefined && resolve(file) === resolve(resume)
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
  const report = new RunReport(photos.length, flags, terminal)
  const { asked, isAsync, waitMs, concurrency } = flags
  const anew = flags.anew ? crypto.randomUUID() : undefined
  const all = { asked, isAsync, waitMs, anew, results, pace, clock: systemClock, signal: terminal.stopped }
  const onAnswer = (answer: Response) => {
    pace.told(answer.headers)
    report.answered(answer)
  }
  const work = ({ client, onRetry }: Edge) =>
    predictPhotos(photos, concurrency, { ...all, client, onRetry }, async (outcome, tally) => {
      // Kept first: what was shown and not kept would be sent again.
      if (outcome) await results?.add(outcome)
      report.came(outcome, tally)
    })
  try {
    return report.conclude(await withEdge(environment, terminal, work, { onAnswer }))
  } catch (error) {
    report.brokeOff()
    throw error
  }
}
