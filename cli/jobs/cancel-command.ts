import { EdgebatchError } from '../../client/edgebatch-error.ts'
import { isBatchId } from '../../shared/job-id.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { refuseUnknown } from '../flags.ts'
import { printableLine } from '../printable.ts'
import { withEdge } from '../service/with-edge.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { assertIds } from './job-ids.ts'

const args = {
  ids: { type: 'positional', description: 'Ids of jobs or batches', valueHint: 'IDS...', required: false },
  json: { type: 'boolean', description: 'Each as it is then, as JSON on a line, for programs' },
} as const

export function cancelCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'cancel', description: 'Cancel jobs that have not ended.' },
    args,
    details: [
      'What waits leaves the queue; what is being run is run to its end, and its result is dropped. What has ended stays as it is: then it ends with 1.',
    ],
    examples: [{ does: 'one job', line: 'edgebatch cancel lpywYyv5BpUXow5CGqlHRw.efficientnet-lite0' }],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, Number.POSITIVE_INFINITY)
      const ids = [...new Set(given._)]
      if (ids.length === 0) throw new UsageError('which jobs? As in: edgebatch cancel ID')
      assertIds(ids)
      const [ended, unknown]: [string[], string[]] = [[], []]
      await withEdge(environment, terminal, async ({ client }) => {
        for (const id of ids) {
          const job = await client.cancel(id, { signal: terminal.stopped }).catch(undefinedIfUnknown)
          if (!job) unknown.push(id)
          else terminal.print(given.json ? JSON.stringify(job) : printableLine(`${id}: ${job.status}`))
          if (job && !isBatchId(id) && job.status !== 'canceled') ended.push(id)
        }
      })
      if (unknown.length > 0)
        terminal.warn(`${unknown.join(', ')}: no such job, or one that is no longer known`)
      if (ended.length > 0) terminal.warn(`${ended.join(', ')} had ended before`)
      return unknown.length + ended.length > 0 ? EXIT_CODES.failed : EXIT_CODES.done
    },
  })
}

/** A job that is gone is no reason to leave those that come after it. */
function undefinedIfUnknown(error: unknown): undefined {
  if (error instanceof EdgebatchError && (error.status === 404 || error.status === 410)) return undefined
  throw error
}
