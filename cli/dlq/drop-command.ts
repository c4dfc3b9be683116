import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import type { Terminal } from '../terminal.ts'
import { choose, chosenArgs, forEachChosen, goneFrom } from './chosen-letters.ts'
import { withDeadLetters } from './dead-letter-office.ts'

export function dropCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'drop', description: 'Delete dead letters and their inputs.' },
    args: chosenArgs,
    run: async ({ rawArgs }) => {
      const choice = choose(rawArgs, 'drop')
      await withDeadLetters(environment, terminal, (office) =>
        forEachChosen(office, choice, terminal, async (letter) => {
          if (!(await office.letters.drop(letter))) return goneFrom(office, letter.id)
          terminal.print(`${letter.id} dropped`)
          return undefined
        }),
      )
    },
  })
}
