import type { Redis } from '@upstash/redis'
import type { Call } from './calls.ts'

/** What of the client a call uses, as its code names it: `get`, `functions.load`. */
export function methodsCalled(calls: readonly Call[]): Set<string> {
  const called = new Set<string>()
  for (const { run } of calls) run(recorder(called, '') as Redis)
  return called
}

/** Methods of namespaces count by their whole name; what is called on an answer (`bitfield('b').get`) is its own matter. */
const NAMESPACES = new Set(['functions'])

function recorder(called: Set<string>, prefix: string): unknown {
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (NAMESPACES.has(String(name))) return recorder(called, `${String(name)}.`)
        called.add(prefix + String(name))
        return () => CHAIN
      },
    },
  )
}

/** Takes any further call. */
const CHAIN: unknown = new Proxy({}, { get: () => () => CHAIN })

/** Names that an object and its classes define. */
export function namesOf(object: object): string[] {
  const names = new Set<string>()
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name)
  }
  names.delete('constructor')
  return [...names]
}
