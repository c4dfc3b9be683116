import type { CommandLine } from './command.ts'

/** What Redis says of one command, in capitals. */
export interface CommandTraits {
  flags: ReadonlySet<string>
  categories: ReadonlySet<string>
}

interface Entry extends CommandTraits {
  /** By `CONTAINER|SUBCOMMAND`; from Redis 7 on. */
  subcommands: ReadonlyMap<string, Entry>
}

/** What Redis itself says of its commands (`COMMAND`), modules' included. */
export class CommandTable {
  readonly #entries: ReadonlyMap<string, Entry>

  /** `reply`: to COMMAND, with strings as buffers. */
  constructor(reply: unknown) {
    this.#entries = entriesIn(reply)
  }

  /** Of a command, or of its subcommand if Redis lists that. None if it lists neither. */
  traitsOf([name, subcommand]: CommandLine): CommandTraits {
    const command = name.toUpperCase()
    const entry = this.#entries.get(command)
    const word = subcommand?.toString().toUpperCase()
    return entry?.subcommands.get(`${command}|${word}`) ?? entry ?? NONE
  }
}

const NONE: CommandTraits = { flags: new Set(), categories: new Set() }

/** Each is `[name, arity, flags, first key, last key, step, categories, tips, key specifications, subcommands]`; the last three from Redis 7 on. */
function entriesIn(reply: unknown): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const item of listOf(reply)) {
    const parts = listOf(item)
    const name = wordOf(parts[0])
    entries.set(name, {
      flags: wordsOf(parts[2]),
      categories: wordsOf(parts[6]),
      subcommands: entriesIn(parts[9]),
    })
  }
  return entries
}

const listOf = (reply: unknown): unknown[] => (Array.isArray(reply) ? reply : [])
const wordOf = (reply: unknown) => String(reply).toUpperCase()
const wordsOf = (reply: unknown) => new Set(listOf(reply).map(wordOf))
