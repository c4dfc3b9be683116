import { parser } from '@prometheus-io/lezer-promql'

export interface Matcher {
  label: string
  operator: string
  value: string
}

/** `metric{label="value", ...}` somewhere in a query. */
export interface Selector {
  metric: string
  matchers: Matcher[]
}

export interface ParsedQuery {
  selectors: Selector[]
  /** What it groups and joins by. */
  labels: string[]
}

/** Reads a query with Prometheus' own grammar. Throws where it is none. */
export function parseQuery(query: string): ParsedQuery {
  const selectors: Selector[] = []
  const labels: string[] = []
  const matchers: Matcher[] = []
  let inGrouping = false
  const text = ({ from, to }: { from: number; to: number }) => query.slice(from, to)
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${query}`)
      if (node.name === 'VectorSelector') selectors.push({ metric: '', matchers: [] })
      if (node.name === 'GroupingLabels') inGrouping = true
      const selector = selectors.at(-1)
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector' && selector)
        selector.metric = text(node)
      if (node.name === 'LabelName' && inGrouping) labels.push(text(node))
      else if (node.name === 'LabelName') matchers.push({ label: text(node), operator: '', value: '' })
      const matcher = matchers.at(-1)
      if (node.name === 'MatchOp' && matcher) matcher.operator = text(node)
      if (node.name === 'StringLiteral' && matcher) matcher.value = JSON.parse(text(node)) as string
    },
    leave: (node) => {
      if (node.name === 'GroupingLabels') inGrouping = false
      if (node.name === 'LabelMatchers') selectors.at(-1)?.matchers.push(...matchers.splice(0))
    },
  })
  return { selectors, labels }
}
