import { UsageError } from './user-error.ts'

/** What a command was given, by the names of its flags. */
export type Given = Record<string, unknown>

/** Throws UsageError on a flag that the command does not have. */
export function refuseUnknown(
  args: Given,
  known: Readonly<Record<string, unknown>>,
  positionals: number,
): void {
  const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  const names = new Set(Object.keys(known).map(camel))
  const unknown = Object.keys(args).find((name) => name !== '_' && !names.has(camel(name)))
  if (unknown) throw new UsageError(`there is no flag --${unknown}; --help lists them`)
  const extra = (args._ as unknown[])[positionals]
  if (extra !== undefined)
    throw new UsageError(`"${String(extra)}" is one argument too many; quote paths with spaces`)
}

export function text(args: Given, flag: string): string | undefined {
  const value = args[flag]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${flag} needs one value`)
  return value
}

export function oneOf<T extends string>(args: Given, flag: string, values: readonly T[]): T | undefined {
  const value = text(args, flag)
  const found = values.find((candidate) => candidate === value)
  if (value !== undefined && !found)
    throw new UsageError(`--${flag} must be ${values.join(' or ')}, not "${value}"`)
  return found
}

export function wholeNumber(args: Given, flag: string, largest: number): number | undefined {
  const value = text(args, flag)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1 || number > largest)
    throw new UsageError(`--${flag} must be a whole number from 1 to ${largest}, not "${value}"`)
  return number
}
