import type { ReadDeadLetter } from '../../shared/dead-letters.ts'
import { publicDetails } from '../../shared/public-dead-letter.ts'
import { table } from '../table.ts'
import { inputSize } from './letter-table.ts'

/** All that is known of a letter, for people, a line each. */
export function detailLines(letter: ReadDeadLetter): string[] {
  const { owner, webhook, job, input_bytes, ...told } = publicDetails(letter)
  const events = webhook ? `${webhook.host} (${webhook.events.join(', ')})` : '-'
  return table([
    ...Object.entries(told).map(([name, value]) => [name, String(value)]),
    ['input', input_bytes === null ? inputSize(letter) : `${inputSize(letter)} (${input_bytes} bytes)`],
    ['owner', owner ?? '-'],
    ['webhook', events],
    ...Object.entries(job).map(([name, value]) => [`job.${name}`, value]),
  ])
}
