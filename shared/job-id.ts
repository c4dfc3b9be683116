import { modelNameSchema } from './model-manifest.ts'

/**
 * A job id is `<22 characters of base64url>.<model>`: 128 random bits, which nobody can guess, and the model's name, from which
 * (with the id) every key of the job follows without a look-up. URL-safe as it stands.
 */
const RANDOM_BYTES = 16
const jobIdPattern = /^[A-Za-z0-9_-]{22}\.(.+)$/

/** A batch id is `batch_<22 characters of base64url>.<model>`. Its first part is longer than a job's: no id is both. */
const BATCH = 'batch_'

export function newJobId(model: string): string {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))
  const base64 = btoa(String.fromCharCode(...random))
  return `${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}.${model}`
}

export function newBatchId(model: string): string {
  return BATCH + newJobId(model)
}

/** The model a job id belongs to, or undefined if it is no job id. */
export function modelOfJobId(id: string): string | undefined {
  const model = jobIdPattern.exec(id)?.[1]
  return modelNameSchema.safeParse(model).success ? model : undefined
}

/** The model a batch id belongs to, or undefined if it is no batch id. */
export function modelOfBatchId(id: string): string | undefined {
  return id.startsWith(BATCH) ? modelOfJobId(id.slice(BATCH.length)) : undefined
}

export function isBatchId(id: string): boolean {
  return modelOfBatchId(id) !== undefined
}
