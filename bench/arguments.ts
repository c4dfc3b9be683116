import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'

/** The arguments do not fit. `message` is one line for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A file to write figures to. */
export const jsonFile = z.string().min(1, { error: 'must name a file' }).optional()

/**
 * Reads `--name value` for every key of the schema, and `--help`; undefined if help is wanted. A key `json` must name a file
 * that can be written: told now, not after minutes of measuring. Throws UsageError.
 */
export async function readArguments<Shape extends z.ZodRawShape>(
  args: string[],
  schema: z.ZodObject<Shape>,
): Promise<z.infer<z.ZodObject<Shape>> | undefined> {
  const values = parse(args, Object.keys(schema.shape))
  if (values.help) return undefined
  const parsed = schema.safeParse(values)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new UsageError(`--${String(issue?.path[0])} ${issue?.message}`)
  }
  const { json } = values
  if (typeof json === 'string' && !(await canWrite(json)))
    throw new UsageError(`--json ${json}: cannot be written`)
  return parsed.data
}

function parse(args: string[], names: string[]): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  try {
    return parseArgs({ args, options: { ...options, help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    // Node's message goes on with advice about `--`, which leads nowhere here.
    const [reason] = (error instanceof Error ? error.message : String(error)).split(/[.\n]/)
    throw new UsageError(`${reason}`)
  }
}

async function canWrite(file: string): Promise<boolean> {
  try {
    const existing = await stat(file).catch(() => undefined)
    if (existing && !existing.isFile()) return false
    await access(existing ? file : dirname(resolve(file)), constants.W_OK)
    return true
  } catch {
    return false
  }
}
