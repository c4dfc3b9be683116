import { parseArgs } from 'citty'
import type { DeadLetter } from '../../shared/dead-letters.ts'
import { modelOfJobId } from '../../shared/job-id.ts'
import { modelNameSchema } from '../../shared/model-manifest.ts'
import { refuseUnknown, text } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError, UserError } from '../user-error.ts'
import type { DeadLetterOffice } from './dead-letter-office.ts'

export const chosenArgs = {
  id: { type: 'positional', description: 'Ids of jobs', valueHint: 'IDS...', required: false },
  all: { type: 'boolean', description: 'All dead letters' },
  model: { type: 'string', description: 'With --all: those of this model', valueHint: 'NAME' },
} as const

/** Which letters are meant: by their jobs' ids, or all of a model, or of every model. */
export type Choice = { ids: string[] } | { all: true; model: string | undefined }

type Given = Record<string, unknown>
type KnownArgs = Parameters<typeof parseArgs>[1]

/**
 * What a command was given, ids apart. They are told from flags by their form: an id may begin with a dash. Throws UsageError where anything else
 * was given.
 */
export function separateIds(rawArgs: readonly string[], known: KnownArgs): { ids: string[]; given: Given } {
  const isId = (arg: string, i: number) => modelOfJobId(arg) !== undefined && rawArgs[i - 1] !== '--model'
  const ids = [...new Set(rawArgs.filter(isId))]
  const others = rawArgs.filter((arg, i) => !isId(arg, i) && arg !== '--')
  const given: Given = parseArgs(others, known)
  const [wrong] = given._ as string[]
  if (wrong !== undefined)
    throw new UsageError(`"${wrong}" is no id of a job; edgebatch dlq list shows the ids`)
  refuseUnknown(given, known, 0)
  return { ids, given }
}

/** Throws UserError. `command` is what they are chosen for. */
export function choose(rawArgs: readonly string[], command: string): Choice {
  const { ids, given } = separateIds(rawArgs, chosenArgs)
  const model = modelFlag(given)
  if (given.all === true && ids.length > 0)
    throw new UsageError('--all and ids exclude one another; give one of them')
  if (given.all === true) return { all: true, model }
  if (model !== undefined)
    throw new UsageError(`--model needs --all, as in: edgebatch dlq ${command} --all --model ${model}`)
  if (ids.length > 0) return { ids }
  throw new UsageError(
    `which dead letters? As in: edgebatch dlq ${command} ID, or --all; edgebatch dlq list shows the ids`,
  )
}

/** Throws UserError. */
export function modelFlag(given: Given): string | undefined {
  const name = text(given, 'model')
  const { error } = modelNameSchema.optional().safeParse(name)
  if (error) throw new UsageError(`--model: "${name}" is none; ${error.issues[0]?.message}`)
  return name
}

/**
 * Does it to each of the letters, one after the other. `act` gives what is wrong, with the way out, if it cannot be done; the others are gone on
 * with, and UserError is thrown at the end.
 */
export async function forEachChosen(
  office: DeadLetterOffice,
  choice: Choice,
  { warn }: Terminal,
  act: (letter: DeadLetter) => Promise<string | undefined>,
): Promise<void> {
  const chosen = 'ids' in choice ? choice.ids : await office.list(choice.model)
  if (chosen.length === 0) warn(noneIn(office))
  const failures: string[] = []
  for (const one of chosen) {
    const letter = typeof one === 'string' ? await office.letters.read(one) : one
    const wrong = letter ? await act(letter) : goneFrom(office, String(one))
    if (wrong === undefined) continue
    failures.push(wrong)
    if (chosen.length > 1) warn(wrong)
  }
  const [first] = failures
  if (first === undefined) return
  throw new UserError(
    chosen.length === 1 ? first : `${failures.length} of ${chosen.length} are as they were, as told above`,
  )
}

export function noneIn({ place }: DeadLetterOffice): string {
  return `there are no dead letters in ${place}`
}

export function goneFrom({ place }: DeadLetterOffice, id: string): string {
  return `there is no dead letter ${id} in ${place}; edgebatch dlq list shows those that are`
}
