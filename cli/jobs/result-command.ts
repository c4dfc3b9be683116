import { EdgebatchTimeoutError } from '../../client/edgebatch-error.ts'
import { isBatchId } from '../../shared/job-id.ts'
import type { PublicBatch } from '../../shared/public-batch.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { refuseUnknown, wholeNumber } from '../flags.ts'
import { printableLine } from '../printable.ts'
import { type Edge, withEdge } from '../service/with-edge.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { assertIds } from './job-ids.ts'
import { jobText } from './job-text.ts'

const args = {
  id: { type: 'positional', description: 'The id of a job or batch', required: false },
  wait: { type: 'string', description: 'How long to wait for its end; not at all', valueHint: 'SECONDS' },
  json: { type: 'boolean', description: 'As JSON, for programs' },
} as const

/** No job lives longer. */
const LONGEST_WAIT_SECONDS = 86_400

export function resultCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'result', description: 'Show what came of a job, or where it stands.' },
    args,
    details: ['Ends with 0 if it succeeded, 1 if it ended otherwise, and 75 while it has not ended.'],
    examples: [
      {
        does: 'wait a minute for it',
        line: 'edgebatch result lpywYyv5BpUXow5CGqlHRw.efficientnet-lite0 --wait 60',
      },
    ],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 1)
      const { id } = given
      if (!id) throw new UsageError('which job? As in: edgebatch result ID')
      assertIds([id])
      const seconds = wholeNumber(given, 'wait', LONGEST_WAIT_SECONDS)
      const found = await withEdge(environment, terminal, (edge) => look(edge, id, seconds, terminal.stopped))
      if (given.json) terminal.print(JSON.stringify(found))
      else for (const line of lines(found)) terminal.print(line)
      return exitCode(found)
    },
  })
}

type Found = PublicJob | PublicBatch

async function look(
  { client }: Edge,
  id: string,
  seconds: number | undefined,
  signal: AbortSignal,
): Promise<Found> {
  if (seconds === undefined) return client.result(id, { signal })
  try {
    return await client.wait(id, { timeoutMs: seconds * 1000, signal })
  } catch (error) {
    if (error instanceof EdgebatchTimeoutError) return client.result(id, { signal })
    throw error
  }
}

/** An address has jobs or batches behind it; its id says which. */
function isBatch(found: Found): found is PublicBatch {
  return isBatchId(found.id)
}

function lines(found: Found): string[] {
  if (!isBatch(found)) return [`${printableLine(found.id)}: ${jobText(found)}`]
  const items = found.items.map(({ index, job, error }) =>
    job ? `  ${index}: ${jobText(job)}` : `  ${index}: ${printableLine(error?.detail ?? '')}`,
  )
  return [printableLine(`${found.id}: ${found.status}`), ...items]
}

function exitCode(found: Found): number {
  if (found.success) return EXIT_CODES.done
  return ['queued', 'processing'].includes(found.status) ? EXIT_CODES.unavailable : EXIT_CODES.failed
}
