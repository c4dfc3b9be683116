import { publicDetails } from '../../shared/public-dead-letter.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError, UserError } from '../user-error.ts'
import { goneFrom, separateIds } from './chosen-letters.ts'
import { withDeadLetters } from './dead-letter-office.ts'
import { detailLines } from './letter-details.ts'

const args = {
  id: { type: 'positional', description: "The job's id", required: false },
  json: { type: 'boolean', description: 'As JSON, for programs' },
} as const

export function showCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'show', description: 'Show all that is known of a dead letter, but for its input.' },
    args,
    run: async ({ rawArgs }) => {
      const { ids, given } = separateIds(rawArgs, args)
      const [id, another] = ids
      if (id === undefined || another !== undefined)
        throw new UsageError(
          'which dead letter? One, as in: edgebatch dlq show ID; edgebatch dlq list shows the ids',
        )
      await withDeadLetters(environment, terminal, async (office) => {
        const letter = await office.letters.read(id)
        if (!letter) throw new UserError(goneFrom(office, id))
        if (given.json) terminal.print(JSON.stringify(publicDetails(letter)))
        else for (const line of detailLines(letter)) terminal.print(line)
      })
    },
  })
}
