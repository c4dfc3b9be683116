/** Digits, letters, or one other character each; the end is a part too. */
const PARTS = /\d+|[A-Za-z]+|./g
const END = ''

/**
 * Orders versions as people count them, lowest first: 9 before 10, 1.2 before 1.2.1, and what follows a dash before what it leads
 * to (1.0-rc1 before 1.0). A total order: 0 only for the same text.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareParts(left[i] as string, right[i] as string)
    if (order !== 0) return order
  }
  // 1.01 and 1.1 count the same.
  return compareText(a, b)
}

function partsOf(version: string): string[] {
  return [...(version.match(PARTS) ?? []), END]
}

function compareParts(a: string, b: string): number {
  const [rank, otherRank] = [rankOf(a), rankOf(b)]
  if (rank !== otherRank) return rank - otherRank
  return rank === DIGITS ? compareDigits(a, b) : compareText(a, b)
}

const DIGITS = 4

function rankOf(part: string): number {
  if (part === '-') return 0
  if (part === END) return 1
  if (/^\d/.test(part)) return DIGITS
  return /^[A-Za-z]/.test(part) ? 3 : 2
}

/** Of any length: more than a number can hold. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return left.length - right.length || compareText(left, right)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
