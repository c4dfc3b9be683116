import type { Graph } from './proto.ts'

/** Operators that change how a score is laid out, not what it says. */
const LAYOUT_ONLY = new Set(['Cast', 'Identity', 'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze'])

/** The operator that computed an output's values; undefined if none in this graph did. */
export function lastOperator({ node = [] }: Graph, output: string): string | undefined {
  let value = output
  for (;;) {
    const producer = node?.find((candidate) => candidate.output?.includes(value))
    if (!producer?.opType || !LAYOUT_ONLY.has(producer.opType)) return producer?.opType ?? undefined
    value = producer.input?.[0] ?? ''
  }
}
