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

  private constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  /** Throws UsageError if the file is there and no such file, and leaves that as it is. */
  static async open(path: string): Promise<ResultsFile> {
    const handle = await open(path, 'a+').catch((error: unknown) => {
      throw new UsageError(`--resume ${path} cannot be opened: ${reasonOf(error)}`)
    })
    try {
      const results = new ResultsFile(path, handle)
      await results.#read()
      return results
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
    await this.#append(`${JSON.stringify(outcome)}\n`).catch((error: unknown) => {
      throw new UserError(`--resume ${this.#path} cannot be written: ${reasonOf(error)}`)
    })
    this.#remember(outcome)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #read(): Promise<void> {
    if (!(await this.#handle.stat()).isFile()) throw new UsageError(`--resume ${this.#path} is no file`)
    let number = 0
    for await (const { text, start, isWhole } of linesIn(this.#handle)) {
      const line = parsed(text)
      number++
      if (line) this.#remember(line)
      else if (isWhole || !beginsAsOurs(text)) throw noResults(this.#path, `line ${number}`)
      if (isWhole) continue
      // Of a run that was killed while it wrote; or somebody has taken away the end of the last line, and nothing else.
      if (line) await this.#append('\n')
      else await this.#handle.truncate(start)
    }
  }

  /** In one call, so that lines of two runs do not get into one another. */
  async #append(text: string): Promise<void> {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten
  }

  #remember({ file, key, job }: Line): void {
    if (key === null || job === null) return
    if (job.status === 'succeeded') this.#done.add(`${key} ${file}`)
    else if (hasEnded(job.status)) this.#ended.set(key, this.rounds(key) + 1)
    if (hasEnded(job.status)) this.#pending.delete(key)
    else this.#pending.set(key, job.id)
  }
}

interface ReadLine {
  text: string
  /** Where it begins, in bytes. */
  start: number
  /** Whether its end is there; only the last one's may not be. */
  isWhole: boolean
}

const CHUNK_BYTES = 2 ** 20
const LINE_END = 0x0a

/** One after the other, since all of them may be more than memory, or a string, holds. What is no such file is not read to its end. */
async function* linesIn(handle: FileHandle): AsyncGenerator<ReadLine, void, void> {
  let pieces: Buffer[] = []
  let start = 0
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position)
    position += bytesRead
    let chunk = buffer.subarray(0, bytesRead)
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END)) {
      yield { text: String(Buffer.concat([...pieces, chunk.subarray(0, end)])), start, isWhole: true }
      pieces = []
      chunk = chunk.subarray(end + 1)
      start = position - chunk.length
    }
    if (chunk.length > 0) pieces.push(chunk)
    const head = String(pieces[0]?.subarray(0, BEGINNING.length) ?? '')
    if (bytesRead > 0 && beginsAsOurs(head)) continue
    if (pieces.length > 0) yield { text: String(Buffer.concat(pieces)), start, isWhole: false }
    return
  }
}

function beginsAsOurs(text: string): boolean {
  return BEGINNING.startsWith(text.slice(0, BEGINNING.length))
}

function parsed(line: string): Line | undefined {
  try {
    return lineSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

function noResults(path: string, where: string): UsageError {
  return new UsageError(
    `--resume ${path} is no file of results (${where}); give one that predict has written, or a new name`,
  )
}
