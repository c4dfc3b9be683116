import * as z from 'zod'

/**
 * Held against the lock file, which knows the packages of all platforms, and not against what happens to be installed here. Our own, as it is a
 * table and forty lines: the known tools read node_modules, and bring more packages than we have.
 */

/** What may be used by who uses Edgebatch, under Apache-2.0, without any further duty than to keep a notice. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'CC0-1.0',
  'Unlicense',
])

/**
 * Decided one by one. sharp's libvips is a shared library, unmodified and apart from our code, which whoever runs us can replace by another
 * build: that is what the LGPL asks of who uses a library. It is on machines of one's own (pools, the edge on Node), never in a Worker's bundle.
 */
const DECIDED: { name: RegExp; licence: string }[] = [{ name: /^@img\/sharp-/, licence: 'LGPL-3.0-or-later' }]

export interface LockedPackage {
  name: string
  version: string
  /** An SPDX expression; undefined where the package says none. */
  licence: string | undefined
}

const lockSchema = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().optional() }),
  ),
})

/** What a lock file has that is not for development alone, each package once. Throws ZodError if it is none of npm's. */
export function productionPackages(lock: unknown): LockedPackage[] {
  const found = new Map<string, LockedPackage>()
  for (const [path, { version = '', license, dev = false }] of Object.entries(
    lockSchema.parse(lock).packages,
  )) {
    if (path === '' || dev) continue
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    found.set(`${name}@${version}`, { name, version, licence: license })
  }
  return [...found.values()]
}

/** Whether a package's licence is one that we take; one that cannot be read is not. */
export function isAllowed({ name, licence = '' }: LockedPackage): boolean {
  const isTaken = (id: string) =>
    ALLOWED.has(id) || DECIDED.some((decided) => decided.licence === id && decided.name.test(name))
  return holds(licence, isTaken)
}

/** An SPDX expression of ids, AND, OR and parentheses. AND binds closer. */
function holds(expression: string, isTaken: (id: string) => boolean): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? []
  let at = 0
  const any = (): boolean => {
    let result = all()
    while (tokens[at] === 'OR' && at++ >= 0) result = all() || result
    return result
  }
  const all = (): boolean => {
    let result = one()
    while (tokens[at] === 'AND' && at++ >= 0) result = one() && result
    return result
  }
  const one = (): boolean => {
    const token = tokens[at++]
    if (token !== '(') return token !== undefined && isTaken(token)
    return [any(), tokens[at++] === ')'].every(Boolean)
  }
  return any() && at === tokens.length
}
