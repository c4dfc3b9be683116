import { table } from '../table.ts'
import type { CommandNode, NamedArgument } from './command-tree.ts'

/** What `--help` prints. */
export function renderHelp(node: CommandNode): string {
  const sections = [
    node.description,
    section('Usage', [usageLine(node)]),
    section('Arguments', table(node.positionals.map((one) => [positionalName(one), describe(one)]))),
    section('Flags', table(node.flags.map((one) => [flagName(one), describe(one)]))),
    section(
      'Commands',
      table(node.subCommands.map(({ path, description }) => [path.at(-1) ?? '', description])),
    ),
    ...node.details.map(wrapped),
    section(
      'Examples',
      node.examples.flatMap(({ does, line }) => [`# ${does}`, line]),
    ),
    ...(node.subCommands.length > 0 ? [`${node.path.join(' ')} COMMAND --help says more of each.`] : []),
  ]
  return sections.filter((text) => text !== '').join('\n\n')
}

/** `edgebatch keys revoke ID [flags]` */
export function usageLine({ path, positionals, flags, subCommands }: CommandNode): string {
  const words = [
    ...path,
    ...positionals.map(positionalName),
    ...(subCommands.length > 0 ? ['COMMAND'] : []),
    ...(flags.length > 0 ? ['[flags]'] : []),
  ]
  return words.join(' ')
}

export function positionalName({ name, definition }: NamedArgument): string {
  return definition.valueHint ?? name.toUpperCase()
}

/** `--wait SECONDS` */
export function flagName({ name, definition }: NamedArgument): string {
  return definition.type === 'boolean' ? `--${name}` : `--${name} ${definition.valueHint ?? 'VALUE'}`
}

export function describe({ definition }: NamedArgument): string {
  return definition.description ?? ''
}

/** Lines that fit most terminals. */
const COLUMNS = 100

function wrapped(paragraph: string): string {
  return paragraph.replace(new RegExp(`(.{1,${COLUMNS}})(?: +|$)`, 'g'), '$1\n').trimEnd()
}

function section(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${heading}:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
