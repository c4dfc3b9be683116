import { modelReferenceSchema } from '../../shared/model-reference.ts'
import { command } from '../command.ts'
import { refuseUnknown, text } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { findRemovable, type RemovableModel, removeModel } from './remove-model.ts'

const args = {
  model: {
    type: 'positional',
    description: 'A model of the repository, or one version of it',
    valueHint: 'NAME[@VERSION]',
    required: false,
  },
  repository: { type: 'string', description: 'The folder of models; models', valueHint: 'FOLDER' },
  yes: { type: 'boolean', description: 'Do it; without, what would happen is told' },
} as const

export function removeCommand(terminal: Terminal) {
  return command({
    meta: { name: 'remove', description: 'Delete a package from a repository of models.' },
    args,
    details: [
      'Pools that serve this repository withdraw the version within seconds: it takes no new jobs, and is served until its queue is empty.',
    ],
    examples: [
      { does: 'say what would happen', line: 'edgebatch model remove resnet50@1' },
      { does: 'do it', line: 'edgebatch model remove resnet50@1 --yes' },
    ],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 1)
      if (!given.model) throw new UsageError('which model? As in: edgebatch model remove resnet50@1')
      const reference = modelReferenceSchema.safeParse(given.model)
      if (!reference.success)
        throw new UsageError(`"${given.model}" is no model: ${reference.error.issues[0]?.message}`)
      const model = await findRemovable(text(given, 'repository') ?? 'models', reference.data)
      for (const line of consequences(model)) terminal.warn(line)
      if (given.yes !== true) throw new UsageError('nothing was removed: --yes does it')
      await removeModel(model)
      for (const version of model.versions) terminal.print(`${model.name}@${version} removed`)
    },
  })
}

/** What happens if it is removed, a line each. */
export function consequences({ repository, name, versions, others, isLast }: RemovableModel): string[] {
  const what = versions.map((version) => `${name}@${version}`).join(', ')
  const told = [`${what}: the files are deleted from ${repository}, and cannot be brought back from here`]
  if (isLast)
    told.push(
      'nothing else is left there: to pools, an empty repository looks like one that is not mounted, so those that run go on serving it until they end',
    )
  else
    told.push(
      `pools that serve ${repository} take no new jobs for it within seconds, and end it when those that wait are served`,
    )
  if (others.length > 0)
    told.push(`callers that name no version get the highest that is left: ${others.join(', ')}`)
  return told
}
