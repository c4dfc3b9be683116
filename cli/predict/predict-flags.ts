import { modelReferenceSchema } from '../../shared/model-reference.ts'
import { PRIORITIES } from '../../shared/priority.ts'
import { type Given, oneOf, text, wholeNumber } from '../flags.ts'
import { UsageError } from '../user-error.ts'
import type { Asked } from './question.ts'

export const predictArgs = {
  files: {
    type: 'positional',
    description: "Photos, patterns such as 'photos/**/*.jpg', or - for standard input",
    valueHint: 'FILES...',
    required: false,
  },
  model: {
    type: 'string',
    description: "The model; the service's default, if it has one",
    valueHint: 'NAME[@VERSION]',
  },
  priority: {
    type: 'string',
    description: 'Which queue to wait in; high takes a key that allows it; normal',
    valueHint: 'high|normal|low',
  },
  wait: {
    type: 'string',
    description: 'How long to wait for each photo; until it has its result, or will have none',
    valueHint: 'SECONDS',
  },
  async: { type: 'boolean', description: 'Hand photos in, print their ids, and do not wait' },
  concurrency: { type: 'string', description: 'Photos under way at the same time; 8', valueHint: 'N' },
  resume: {
    type: 'string',
    description: 'Add results to this file as JSON lines, and do not send photos whose result it has',
    valueHint: 'FILE',
  },
  anew: { type: 'boolean', description: 'Make new jobs, even for photos that were sent before' },
  json: { type: 'boolean', description: 'A JSON object a photo, on a line each, for programs' },
} as const

export interface PredictFlags {
  names: string[]
  asked: Asked
  isAsync: boolean
  waitMs: number | undefined
  concurrency: number
  resume: string | undefined
  anew: boolean
  json: boolean
}

/** Few enough for an edge with its default limits, many enough to fill batches. */
const CONCURRENCY = 8
const MOST_AT_ONCE = 256
/** No job lives longer. */
const LONGEST_WAIT_SECONDS = 86_400

/** Throws UsageError, naming the flag, where one is wrong. */
export function parsePredictFlags(given: Given): PredictFlags {
  const names = given._ as string[]
  if (names.length === 0)
    throw new UsageError(
      "which photos? As in: edgebatch predict cat.jpg, or 'photos/*.jpg', or - for standard input",
    )
  const waitSeconds = wholeNumber(given, 'wait', LONGEST_WAIT_SECONDS)
  const isAsync = given.async === true
  const resume = text(given, 'resume')
  const anew = given.anew === true
  if (isAsync && waitSeconds !== undefined)
    throw new UsageError('--wait and --async exclude one another; give one of them')
  if (anew && resume !== undefined)
    throw new UsageError('--anew and --resume exclude one another; give another file to begin anew')
  return {
    names,
    asked: { model: model(given), priority: oneOf(given, 'priority', PRIORITIES) },
    waitMs: waitSeconds && waitSeconds * 1000,
    concurrency: wholeNumber(given, 'concurrency', MOST_AT_ONCE) ?? CONCURRENCY,
    ...{ isAsync, resume, anew, json: given.json === true },
  }
}

function model(given: Given): string | undefined {
  const reference = text(given, 'model')
  const { error } = modelReferenceSchema.optional().safeParse(reference)
  if (error) throw new UsageError(`--model: "${reference}" is none; ${error.issues[0]?.message}`)
  return reference
}
