import * as fc from 'fast-check'
import { PRIORITIES } from '../../../../shared/priority.ts'
import { among, event, which } from '../event.ts'
import type { History } from '../history.ts'
import { isOpen } from '../model/queue-model.ts'
import { crash, lapseLeases } from '../steps/lease-steps.ts'
import {
  deleteAll,
  deleteHash,
  deleteInput,
  deleteQueue,
  growOld,
  passDeadlineOf,
} from '../steps/misfortune-steps.ts'

interface Args {
  which: number
}

const anyJob = ({ model }: History, args: Args) => among(model.jobs, args.which)
const openJob = ({ model }: History, args: Args) =>
  among(
    model.jobs.filter((job) => isOpen(job) && !job.deadlinePassed),
    args.which,
  )
/** Of whatever is pending: pools, and such as were. */
const anyOwner = ({ model }: History, args: Args) =>
  among([...new Set(model.entries.flatMap(({ owner }) => owner ?? []))], args.which)

export const crashing = event(
  'crash',
  fc.record({ which }),
  ({ pools }, args) => args.which % pools.length,
  crash,
)
export const lapsing = event('lapse', fc.record({ which }), anyOwner, lapseLeases)
export const passing = event('passDeadline', fc.record({ which }), openJob, passDeadlineOf)
export const growingOld = event('growOld', fc.record({ which }), openJob, growOld)

export const losingHash = event('deleteHash', fc.record({ which }), anyJob, deleteHash)
export const losingInput = event('deleteInput', fc.record({ which }), anyJob, deleteInput)
export const losingQueue = event(
  'deleteQueue',
  fc.constantFrom(...PRIORITIES),
  (_, priority) => priority,
  deleteQueue,
)
export const losingAll = event('deleteAll', fc.constant(0), () => true, deleteAll)
