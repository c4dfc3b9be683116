import { hasEnded } from '../../client/job-status.ts'
import { problemOf } from '../session/problem.ts'
import { isOver, type Photo } from './photo.ts'
import type { Run } from './run.ts'
import { cancelJob, followAgain, runPhoto } from './run-photo.ts'

/** All photos of this page, and what may be done with them. What was added last comes first. */
export class PhotoBoard {
  readonly #baseUrl: string
  /** Of photos on the page. */
  readonly #runs = new Map<number, { run: Run; stop: AbortController }>()
  readonly #listeners = new Set<() => void>()
  #photos: readonly Photo[] = []
  #apiKey: string | undefined
  /** What is chosen on the page; undefined until the models are known. */
  model: string | undefined
  #lastId = 0

  constructor(baseUrl: string, apiKey: string | undefined) {
    this.#baseUrl = baseUrl
    this.#apiKey = apiKey
  }

  get photos(): readonly Photo[] {
    return this.#photos
  }

  /** Of what is sent from now on, be it here by now or not. What was sent already is followed, and canceled, with the key it was sent with. */
  set apiKey(key: string | undefined) {
    this.#apiKey = key
  }

  /** Called after every change; answers how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  add(files: Iterable<File>): void {
    const added = Array.from(files, (file) => ({ id: ++this.#lastId, file, model: this.model, ...FRESH }))
    // Of many, one line each.
    const photos = added.map((photo) => ({ ...photo, expanded: added.length === 1 }))
    this.#photos = [...photos, ...this.#photos]
    for (const photo of photos) this.#start(photo)
  }

  /** Runs one that is over as if it were new, by the model that it was for; by what is chosen now if it came before there was a choice. */
  again(id: number): void {
    const photo = this.#find(id)
    if (!photo || !isOver(photo)) return
    const sentWith = this.#runs.get(id)?.run.apiKey
    if (photo.state === 'lost' && photo.job) void followAgain(photo.job, this.#run(id, sentWith))
    else {
      const { file, model = this.model, expanded } = photo
      this.#start({ ...FRESH, id, file, model, expanded })
    }
  }

  async cancel(id: number): Promise<void> {
    const photo = this.#find(id)
    const current = this.#runs.get(id)
    if (!photo || !current || isOver(photo)) return
    const { run, stop } = current
    if (!photo.job) {
      this.#change(id, { state: 'canceled', problem: undefined })
      return stop.abort()
    }
    try {
      const job = await cancelJob(photo.job, run)
      // Its stream may have told of its end meanwhile, and it may be running again.
      run.onChange({ job, state: job.status, problem: undefined })
      if (hasEnded(job.status)) stop.abort()
    } catch (error) {
      run.onChange({ problem: problemOf(error) })
    }
  }

  expand(id: number, expanded: boolean): void {
    this.#change(id, { expanded })
  }

  /** Takes one that is over off the page. */
  remove(id: number): void {
    this.#photos = this.#photos.filter((photo) => photo.id !== id || !isOver(photo))
    if (!this.#find(id)) this.#runs.delete(id)
    this.#tell()
  }

  #start(photo: Photo): void {
    this.#photos = this.#photos.map((other) => (other.id === photo.id ? photo : other))
    this.#tell()
    void runPhoto(photo, this.#run(photo.id))
  }

  /** Ends the one before. A run that was stopped changes nothing any more, whatever was on its way. */
  #run(id: number, apiKey = keptOnce(() => this.#apiKey)): Run {
    this.#runs.get(id)?.stop.abort()
    const stop = new AbortController()
    const { signal } = stop
    const onChange = (change: Partial<Photo>) => {
      if (!signal.aborted) this.#change(id, change)
    }
    const run: Run = { baseUrl: this.#baseUrl, apiKey, onChange, signal }
    this.#runs.set(id, { run, stop })
    return run
  }

  #find(id: number): Photo | undefined {
    return this.#photos.find((photo) => photo.id === id)
  }

  #change(id: number, change: Partial<Photo>): void {
    this.#photos = this.#photos.map((photo) => (photo.id === id ? { ...photo, ...change } : photo))
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Remembers what the first call answered. */
function keptOnce<T>(ask: () => T): () => T {
  let kept: { answer: T } | undefined
  return () => {
    kept ??= { answer: ask() }
    return kept.answer
  }
}

const FRESH = { state: 'waiting', sent: 0, reconnecting: false } as const
