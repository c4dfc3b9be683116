/** Milliseconds that the edge spent on a request, by part. */
export type ServerTiming = Readonly<Record<string, number>>

/** `Server-Timing`: `validate;dur=0.4, decode;dur=12`. What it does not understand it leaves out. */
export function parseServerTiming(header: string | null): ServerTiming {
  const parts = (header ?? '').split(',').flatMap((part): [string, number][] => {
    const [, name, ms] = /^\s*([\w-]+)\s*;.*?dur=([\d.]+)/.exec(part) ?? []
    return name === undefined ? [] : [[name, Number(ms)]]
  })
  return Object.fromEntries(parts)
}
