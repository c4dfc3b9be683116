/** How prom-client writes what was not measured since the last scrape; Prometheus reads it in any case of letters. */
const NOT_MEASURED = /^nan$/i

/** Prometheus' text format as `name{labels}` -> value, labels in the order of the text. */
export function metricValues(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const parts = /^([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) (\S+)$/i.exec(line)
      const value = Number(parts?.[2])
      if (!parts?.[1] || (Number.isNaN(value) && !NOT_MEASURED.test(parts[2] ?? '')))
        throw new Error(`not a metric: ${line}`)
      return [parts[1], value]
    }),
  )
}
