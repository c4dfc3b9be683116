import { publicLetter } from '../../shared/public-dead-letter.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { modelFlag, noneIn } from './chosen-letters.ts'
import { withDeadLetters } from './dead-letter-office.ts'
import { letterTable } from './letter-table.ts'

const args = {
  model: { type: 'string', description: 'Those of this model; all', valueHint: 'NAME' },
  json: { type: 'boolean', description: 'As JSON, for programs' },
} as const

export function listCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'list', description: 'List jobs that have lost their last attempt, newest first.' },
    args,
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 0)
      const model = modelFlag(given)
      await withDeadLetters(environment, terminal, async (office) => {
        const letters = await office.list(model)
        if (given.json) terminal.print(JSON.stringify(letters.map(publicLetter)))
        else if (letters.length > 0) for (const line of letterTable(letters)) terminal.print(line)
        if (letters.length === 0) terminal.warn(noneIn(office))
      })
    },
  })
}
