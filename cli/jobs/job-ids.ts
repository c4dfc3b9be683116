import { modelOfBatchId, modelOfJobId } from '../../shared/job-id.ts'
import { UsageError } from '../user-error.ts'

/** Throws UsageError unless each is the id of a job or batch. */
export function assertIds(ids: readonly string[]): void {
  const wrong = ids.find((id) => modelOfJobId(id) === undefined && modelOfBatchId(id) === undefined)
  if (wrong !== undefined)
    throw new UsageError(`"${wrong}" is no id of a job; edgebatch predict FILE --async prints one`)
}
