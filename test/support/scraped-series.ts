import { metricValues } from './metrics-text.ts'
import { type Matcher, parseQuery } from './promql.ts'

type Labels = Record<string, string>

/** Series that were really scraped, for queries to be held against: by metric, the labels of each. */
export class ScrapedSeries {
  readonly #byMetric = new Map<string, Labels[]>()

  /** `job`: as prometheus.yaml calls what this is the answer of. */
  add(job: string, text: string): void {
    for (const series of [...metricValues(text).keys(), 'up']) {
      const [, name = '', labels = ''] = /^([^{]+)(?:\{(.*)\})?$/s.exec(series) ?? []
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [
        label,
        value,
      ])
      const known = this.#byMetric.get(name) ?? []
      this.#byMetric.set(name, [...known, { ...Object.fromEntries(pairs), job, instance: 'scraped' }])
    }
  }

  /** What a query asks for that is not there; nothing where all is well. A matcher with a dashboard's variable takes any value. */
  problemsOf(query: string): string[] {
    const { selectors, labels } = parseQuery(query)
    const asked = selectors.flatMap(({ metric }) => this.#byMetric.get(metric) ?? [])
    return [
      ...selectors.flatMap(({ metric, matchers }) => this.#selectorProblems(metric, matchers)),
      ...labels
        .filter((label) => !asked.some((series) => label in series))
        .map((label) => `groups by ${label}, which nothing in it has`),
    ]
  }

  /** Whether series of that metric have such a label. */
  has(metric: string, label: string): boolean {
    return (this.#byMetric.get(metric) ?? []).some((series) => label in series)
  }

  names(): string[] {
    return [...this.#byMetric.keys()]
  }

  #selectorProblems(metric: string, matchers: readonly Matcher[]): string[] {
    const series = this.#byMetric.get(metric)
    if (series === undefined) return [`there is no ${metric}`]
    return matchers.flatMap(({ label, operator, value }) => {
      if (!series.some((labels) => label in labels)) return [`${metric} has no label ${label}`]
      if (value.includes('$')) return []
      const matches = operator.includes('~') ? new RegExp(`^(?:${value})$`, 's') : undefined
      const fits = series.some((labels) => matches?.test(labels[label] ?? '') ?? labels[label] === value)
      return fits ? [] : [`no ${metric} has ${label}${operator}"${value}"`]
    })
  }
}
