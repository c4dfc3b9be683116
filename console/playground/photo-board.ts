import { hasEnded } from '../../client/job-status.ts'
import { problemOf } from '../session/problem.ts'
import { isOver, type Photo } from './photo.ts'
import { cancelJob, followAgain, type Run, runPhoto } from './run-photo.ts'

/** All photos of this page, and what may be done with them. What was added last comes first. */
export class PhotoBoard {
  readonly #baseUrl: string
  readonly #stops = new Map<number, AbortController>()
  readonly #listeners = new Set<() => void>()
  #photos: readonly Photo[] = []
  #apiKey: string | undefined
  #lastId = 0

  constructor(baseUrl: string, apiKey: string | undefined) {
    this.#baseUrl = baseUrl
    this.#apiKey = apiKey
  }

  get photos(): readonly Photo[] {
    return this.#photos
  }

  /** Of what is sent from now on. */
  set apiKey(key: string | undefined) {
    this.#apiKey = key
  }

  /** Called after every change; answers how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  add(files: Iterable<File>, model: string | undefined): void {
    const added = Array.from(files, (file) => ({ id: ++this.#lastId, file, model, ...FRESH }))
    // Of many, one line each.
    const photos = added.map((photo) => ({ ...photo, expanded: added.length === 1 }))
    this.#photos = [...photos, ...this.#photos]
    for (const photo of photos) this.#start(photo)
  }

  /** Runs one that is over as if it were new. */
  again(id: number): void {
    const photo = this.#find(id)
    if (!photo || !isOver(photo)) return
    if (photo.state === 'lost' && photo.job) void followAgain(photo.job, this.#run(id))
    else this.#start({ ...FRESH, id, file: photo.file, model: photo.model, expanded: photo.expanded })
  }

  async cancel(id: number): Promise<void> {
    const photo = this.#find(id)
    if (!photo || isOver(photo)) return
    if (!photo.job) return this.#stops.get(id)?.abort()
    try {
      const job = await cancelJob(photo.job, { baseUrl: this.#baseUrl, apiKey: this.#apiKey })
      this.#change(id, { job, state: job.status })
      if (hasEnded(job.status)) this.#stops.get(id)?.abort()
    } catch (error) {
      this.#change(id, { problem: problemOf(error) })
    }
  }

  expand(id: number, expanded: boolean): void {
    this.#change(id, { expanded })
  }

  /** Takes one that is over off the page. */
  remove(id: number): void {
    this.#photos = this.#photos.filter((photo) => photo.id !== id || !isOver(photo))
    this.#tell()
  }

  #start(photo: Photo): void {
    this.#photos = this.#photos.map((other) => (other.id === photo.id ? photo : other))
    this.#tell()
    void runPhoto(photo, this.#run(photo.id))
  }

  #run(id: number): Run {
    const stop = new AbortController()
    this.#stops.set(id, stop)
    const onChange = (change: Partial<Photo>) => this.#change(id, change)
    return { baseUrl: this.#baseUrl, apiKey: this.#apiKey, onChange, signal: stop.signal }
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

const FRESH = { state: 'waiting', sent: 0, reconnecting: false } as const
