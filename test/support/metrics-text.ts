/** Prometheus' text format as `name{labels}` -> value, labels in the order of the text. */
export function metricValues(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const parts = /^([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) (\S+)$/i.exec(line)
      if (!parts?.[1] || Number.isNaN(Number(parts[2]))) throw new Error(`not a metric: ${line}`)
      return [parts[1], Number(parts[2])]
    }),
  )
}
