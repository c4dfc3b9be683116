/**
 * Runs `job`, which must be synchronous, with these names defined on `globalThis` where they are missing, and takes
 * them away again: nothing else ever runs while they are there.
 */
export function withGlobals<T>(values: Readonly<Record<string, unknown>>, job: () => T): T {
  const missing = Object.keys(values).filter((name) => Reflect.get(globalThis, name) === undefined)
  for (const name of missing) {
    Object.defineProperty(globalThis, name, { value: values[name], configurable: true, writable: true })
  }
  try {
    return job()
  } finally {
    for (const name of missing) Reflect.deleteProperty(globalThis, name)
  }
}
