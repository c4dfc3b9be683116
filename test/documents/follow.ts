import { expect } from 'vitest'
import type { Block } from './command-blocks.ts'
import type { Reader } from './reader.ts'

/**
 * Runs a document's blocks as their comments say, in their order. A block of JSON is the answer of the one before: that must have all of it, but for
 * numbers that depend on the machine. Returns how many were run.
 */
export async function follow(reader: Reader, blocks: readonly Block[]): Promise<number> {
  let [answer, run] = ['', 0]
  for (const { language, text, directive } of blocks) {
    if (language === 'json') {
      expectAnswer(answer, text)
      answer = ''
    }
    if (directive) expectNoRefusal(answer)
    if (!directive || directive.kind === 'not run') continue
    run++
    answer = ''
    if (directive.kind === 'run') answer = await reader.run(text)
    else if (directive.kind === 'run until') await reader.runUntil(text, directive.pattern)
    else answer = await reader.run(asPrinted(reader, text))
  }
  expectNoRefusal(answer)
  return run
}

/** curl is content with a refusal; who follows the document is not, unless that is what it shows. */
function expectNoRefusal(answer: string): void {
  expect(answer).not.toMatch(/"status":\s*[45]\d\d/)
}

/** The lines that were printed for the reader to copy: one for each of the block, with the same beginning. */
function asPrinted(reader: Reader, text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const printed = reader.printed(new RegExp(`^\\s*${line.slice(0, BEGINNING)}`.replace('$', '\\$')))
      expect(withoutAddresses(printed), 'what is printed is what the document has').toBe(
        withoutAddresses(line),
      )
      return printed
    })
    .join('\n')
}

const BEGINNING = 5

const withoutAddresses = (line: string) => line.replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1')

function expectAnswer(answer: string, shown: string): void {
  const expected = JSON.parse(shown, withoutMeasures)
  expect(partShown(JSON.parse(answer, withoutMeasures), expected)).toMatchObject(expected)
}

/** Of lists, no more than the document shows. */
function partShown(answer: unknown, shown: unknown): unknown {
  if (Array.isArray(answer) && Array.isArray(shown)) return answer.slice(0, shown.length)
  if (typeof answer !== 'object' || answer === null) return answer
  const shownFields: Record<string, unknown> = Object(shown)
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => [key, partShown(value, shownFields[key])]),
  )
}

/** Times, ids and figures are different each time; which keys there are is not, nor are words. */
function withoutMeasures(key: string, value: unknown): unknown {
  if (typeof value === 'number' && key !== 'index') return 0
  return typeof value === 'string' && /\d{4}-\d\d-\d\dT|^https?:|\.[a-z]+[\w-]*$/.test(value)
    ? typeof value
    : value
}
