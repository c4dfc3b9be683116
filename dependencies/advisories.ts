import * as z from 'zod'

const advisorySchema = z.object({
  title: z.string(),
  url: z.string(),
  range: z.string(),
  severity: z.string(),
})

/** `npm audit --json`, as far as it is read here. */
const reportSchema = z.object({
  vulnerabilities: z.record(z.string(), z.object({ via: z.array(z.union([z.string(), advisorySchema])) })),
})

const GRAVE = new Set(['high', 'critical'])

/**
 * What `npm audit --json` has found that is grave, a line each; undefined if it holds no findings at all: then the registry could not be
 * asked. A package that is only affected through another one is named by that.
 */
export function graveFindings(output: string): string[] | undefined {
  const report = reportSchema.safeParse(asJson(output)).data
  if (!report) return undefined
  return Object.entries(report.vulnerabilities).flatMap(([name, { via }]) =>
    via.flatMap((cause) =>
      typeof cause === 'object' && GRAVE.has(cause.severity)
        ? [`${name} ${cause.range}: ${cause.title} (${cause.severity}, ${cause.url})`]
        : [],
    ),
  )
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
