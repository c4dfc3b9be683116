import type { CommandNode, NamedArgument } from './command-tree.ts'
import { describe, flagName, positionalName, usageLine } from './render-help.ts'

/** docs/cli.md: the introduction, and a section a command. */
export function renderReference(introduction: string, root: CommandNode): string {
  const commands = root.subCommands.flatMap(leaves)
  const index = commands.map((node) => [
    `[\`${shortName(node)}\`](#${anchor(node)})`,
    escaped(node.description),
  ])
  return [
    introduction.trimEnd(),
    '## Commands',
    markdownTable(['command', 'what'], index),
    ...commands.flatMap(section),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}

/** Those that can be run. */
function leaves(node: CommandNode): CommandNode[] {
  return node.subCommands.length === 0 ? [node] : node.subCommands.flatMap(leaves)
}

function section(node: CommandNode): string[] {
  const { description, details, examples, positionals, flags } = node
  const rows = (all: readonly NamedArgument[], name: (one: NamedArgument) => string) =>
    all.map((one) => [`\`${escaped(name(one))}\``, escaped(describe(one))])
  return [
    `### ${shortName(node)}`,
    `${description}`,
    fenced([usageLine(node)]),
    ...details,
    ...(positionals.length > 0
      ? [markdownTable(['argument', 'what'], rows(positionals, positionalName))]
      : []),
    ...(flags.length > 0 ? [markdownTable(['flag', 'what'], rows(flags, flagName))] : []),
    ...(examples.length > 0 ? [fenced(examples.flatMap(({ does, line }) => [`# ${does}`, line]))] : []),
  ]
}

/** Without `edgebatch`. */
function shortName({ path }: CommandNode): string {
  return path.slice(1).join(' ')
}

/** As GitHub makes it of a heading. */
function anchor(node: CommandNode): string {
  return shortName(node).replaceAll(' ', '-')
}

function fenced(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n')
}

function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A bar would end a cell, and stars be emphasis. */
function escaped(text: string): string {
  return text.replaceAll(/[|*]/g, '\\$&')
}
