/** A fenced block of a document. */
export interface Block {
  language: string
  text: string
  /** What the comment right before it says of running it; undefined if there is none. */
  directive: Directive | undefined
}

/**
 * `run`: it must succeed. `run until`: it goes on; its output will match. `run as printed`: what runs is what the last one that goes on has printed,
 * which differs from the block only in its addresses. `not run`, and why.
 */
export type Directive =
  | { kind: 'run' }
  | { kind: 'run until'; pattern: RegExp }
  | { kind: 'run as printed' }
  | { kind: 'not run'; reason: string }

const BLOCK = /(?:^<!-- (.+?) -->\n\n?)?^```(\w*)\n([\s\S]*?)^```$/gm

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(BLOCK)].map(([, comment, language = '', text = '']) => ({
    language,
    text,
    directive: comment === undefined ? undefined : directiveOf(comment),
  }))
}

/** Throws if it says nothing that is known: a slip of the pen would otherwise leave a block unrun. */
function directiveOf(comment: string): Directive {
  if (comment === 'run' || comment === 'run as printed') return { kind: comment }
  const until = /^run until "(.+)"$/.exec(comment)
  if (until) return { kind: 'run until', pattern: new RegExp(until[1] ?? '') }
  const reason = /^not run: (.+)$/.exec(comment)
  if (reason) return { kind: 'not run', reason: reason[1] ?? '' }
  throw new Error(`<!-- ${comment} --> says nothing of how the block below it is run`)
}
