import { type FileHandle, open } from 'node:fs/promises'
import * as z from 'zod'
import { hasEnded } from '../../client/job-status.ts'
import { jobStatusSchema } from '../../shared/job-state.ts'
import { reasonOf, UsageError, UserError } from '../user-error.ts'
import type { Outcome } from './outcome.ts'

/** What is needed of a line to go on from it. */
const lineSchema = z.object({
  file: z.string(),
  key: z.string().nullable(),
  job: z.object({ id: z.string(), status: jobStatusSchema }).nullable(),
})
type Line = z.infer<typeof lineSchema>

/** How each line of ours begins: what is left of one that was cut off is told from another file's text. */
const BEGINNING = '{"file":'

/** Results as JSON lines, one a photo: what was done by earlier runs is not done again. */
export class ResultsFile {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #done = new Set<string>()
  readonly #pending = new Map<string, string>()
  readonly #ended = new Map<string, number>()

  private constructor(path: string, handle: FileHandle, lines: readonly Line[]) {
    this.#path = path
    this.#handle = handle
    for (const line of lines) this.#remember(line)
  }

  /** Throws UsageError if the file is there and no such file, and leaves that as it is. */
  static async open(path: string): Promise<ResultsFile> {
    const handle = await open(path, 'a+').catch((error: unknown) => {
      throw new UsageError(`--resume ${path} cannot be opened: ${reasonOf(error)}`)
    })
    try {
      const text = await handle.readFile('utf8')
      const end = text.lastIndexOf('\n') + 1
      const rest = text.slice(end)
      if (!BEGINNING.startsWith(rest.slice(0, BEGINNING.length))) throw noResults(path, 'its end')
      const lines = text
        .slice(0, end)
        .split('\n')
        .slice(0, -1)
        .map((line, i) => parsed(line, path, i + 1))
      // Of a run that was killed while it wrote.
      if (rest !== '') await handle.truncate(Buffer.byteLength(text.slice(0, end)))
      return new ResultsFile(path, handle, lines)
    } catch (error) {
      await handle.close()
      throw error instanceof UsageError ? error : new UsageError(`--resume ${path}: ${reasonOf(error)}`)
    }
  }

  /** Whether that photo has its result, asked the same. */
  hasResult(file: string, key: string): boolean {
    return this.#done.has(`${key} ${file}`)
  }

  /** The job that was made for it and had not ended. */
  pendingJob(key: string): string | undefined {
    return this.#pending.get(key)
  }

  /** How many jobs for it have ended without a result. */
  rounds(key: string): number {
    return this.#ended.get(key) ?? 0
  }

  /** Throws UserError, as when the disk is full. */
  async add(outcome: Outcome): Promise<void> {
    await this.#handle.appendFile(`${JSON.stringify(outcome)}\n`).catch((error: unknown) => {
      throw new UserError(`--resume ${this.#path} cannot be written: ${reasonOf(error)}`)
    })
    this.#remember(outcome)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  #remember({ file, key, job }: Line): void {
    if (key === null || job === null) return
    if (job.status === 'succeeded') this.#done.add(`${key} ${file}`)
    else if (hasEnded(job.status)) this.#ended.set(key, this.rounds(key) + 1)
    if (hasEnded(job.status)) this.#pending.delete(key)
    else this.#pending.set(key, job.id)
  }
}

function parsed(line: string, path: string, number: number): Line {
  try {
    return lineSchema.parse(JSON.parse(line))
  } catch {
    throw noResults(path, `line ${number}`)
  }
}

function noResults(path: string, where: string): UsageError {
  return new UsageError(
    `--resume ${path} is no file of results (${where}); give one that predict has written, or a new name`,
  )
}
