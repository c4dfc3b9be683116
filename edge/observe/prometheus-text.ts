/** What is told of now, as Prometheus' gauges. */
export interface GaugeFamily {
  name: string
  help: string
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number }[]
}

export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8'

/** Prometheus' text format. A family without samples is left out: there is nothing that it could be told of. */
export function prometheusText(families: readonly GaugeFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, samples }) => {
      const lines = samples.map(({ labels = {}, value }) => `${name}${labelText(labels)} ${value}\n`)
      return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
    })
    .join('')
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character)
}
