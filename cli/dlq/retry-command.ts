import type { DeadLetter, RetriedLetter } from '../../shared/dead-letters.ts'
import { versionId } from '../../shared/model-reference.ts'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import type { Terminal } from '../terminal.ts'
import { choose, chosenArgs, forEachChosen, goneFrom } from './chosen-letters.ts'
import { type DeadLetterOffice, withDeadLetters } from './dead-letter-office.ts'

export function retryCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'retry', description: 'Make new jobs of dead letters, each to be run alone.' },
    examples: [
      {
        does: 'one, to see whether the cause has gone',
        line: 'edgebatch dlq retry lpywYyv5BpUXow5CGqlHRw.efficientnet-lite0',
      },
      { does: 'all of a model', line: 'edgebatch dlq retry --all --model resnet50' },
    ],
    args: chosenArgs,
    run: async ({ rawArgs }) => {
      const choice = choose(rawArgs, 'retry')
      await withDeadLetters(environment, terminal, async (office) => {
        const served = await office.served()
        const unserved = new Set<string>()
        await forEachChosen(office, choice, terminal, async (letter) => {
          const retried = await office.letters.retry(letter)
          if (retried.outcome !== 'retried') return whyNot(office, letter, retried.outcome)
          terminal.print(`${letter.id} -> ${retried.id}`)
          const version = versionId({ name: letter.model, version: letter.modelVersion })
          if (!served.has(version)) unserved.add(version)
          return undefined
        }).finally(() => {
          for (const version of unserved)
            terminal.warn(`no pool serves ${version} now; if none does by their deadline, its jobs expire`)
        })
      })
    },
  })
}

function whyNot(
  office: DeadLetterOffice,
  { id }: DeadLetter,
  outcome: Exclude<RetriedLetter['outcome'], 'retried'>,
): string {
  switch (outcome) {
    case 'gone':
      return goneFrom(office, id)
    case 'input-expired':
      return `the input of ${id} has expired: only its caller can send it anew; edgebatch dlq drop ${id} deletes the letter`
    case 'unreadable':
      return `what is kept of ${id} makes no job; edgebatch dlq show ${id} shows it, and edgebatch dlq drop ${id} deletes it`
  }
}
