/** Longer than what `?` or a class stands for, and a name that no pattern was written for. */
const ANY_NAME = 'any-name-at-all'

/** Whether all that `narrow` matches, a pattern with no wildcard but `*`, is matched by `wide`, too: by an example that says nothing of itself. */
export function matchesAllOf(wide: string, narrow: string): boolean {
  const example = narrow.replaceAll(/\\(.)|\*/gs, (_, escaped?: string) => escaped ?? ANY_NAME)
  return asRegExp(wide).test(example)
}

/** Parts of a pattern as Redis reads them: an escaped character, a class, or any other one. */
const PART = /\\(?<escaped>.)|\[(?<not>\^?)(?<members>(?:\\.|[^\]])*)\]|(?<other>.)/gsu

function asRegExp(pattern: string): RegExp {
  const parts = [...pattern.matchAll(PART)].map(({ groups = {} }) => {
    const { escaped, not, members, other } = groups
    if (members !== undefined) return `[${not}${membersOf(members)}]`
    if (other === '*') return '.*'
    return other === '?' ? '.' : just(escaped ?? other)
  })
  return new RegExp(`^${parts.join('')}$`, 'su')
}

/** Redis takes the ends of a range in any order. */
function membersOf(text: string): string {
  const members = [...text.matchAll(/\\(.)|(.)-(.)|(.)/gsu)].map(([, escaped, one, other, single]) =>
    one !== undefined && other !== undefined
      ? [one, other].toSorted().map(just).join('-')
      : just(escaped ?? single),
  )
  return members.join('')
}

function just(character = ''): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}
