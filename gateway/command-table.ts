import type { CommandLine } from './command.ts'

interface Entry {
  flags: ReadonlySet<string>
  categories: ReadonlySet<string>
  /** By `CONTAINER|SUBCOMMAND`; from Redis 7 on. */
  subcommands: ReadonlyMap<string, Entry>
}

/** Touch no keys, and tell nothing. */
const HARMLESS = new Set(['PING', 'ECHO', 'TIME'])

/** What Redis itself says of its commands (`COMMAND`), modules' included. */
export class CommandTable {
  readonly #entries: ReadonlyMap<string, Entry>

  /** `reply`: to COMMAND, with strings as buffers. */
  constructor(reply: unknown) {
    this.#entries = entriesIn(reply)
  }

  /**
   * Whether a command does nothing but read, and reads no more than it names: SCAN and those that Redis calls dangerous (KEYS, SORT_RO, INFO) don't
   * pass, nor do scripts, though they cannot write (EVAL_RO): one that does not end holds up Redis for everybody. What Redis did not list doesn't pass
   * either.
   */
  reads([name, subcommand]: CommandLine): boolean {
    const command = name.toUpperCase()
    if (HARMLESS.has(command)) return true
    if (command === 'SCAN') return false
    const entry = this.#entries.get(command)
    const word = subcommand?.toString().toUpperCase()
    const { flags, categories } = entry?.subcommands.get(`${command}|${word}`) ?? entry ?? NOTHING
    return flags.has('READONLY') && !categories.has('@DANGEROUS') && !categories.has('@SCRIPTING')
  }
}

const NOTHING: Entry = { flags: new Set(), categories: new Set(), subcommands: new Map() }

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
