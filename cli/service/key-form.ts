/** What keeps `text`, which is no API key, from being one. Repeats nothing of it. */
export function wrongKeyForm(text: string): string {
  if (text === '') return 'is empty'
  if (text !== text.trim()) return 'has a space or a line break at an end'
  const [, id, secret] = /^eb_([^_]*)_(.*)$/s.exec(text) ?? []
  if (!text.startsWith('eb_')) return `has ${characters(text)} and does not begin with eb_`
  if (id === undefined || secret === undefined) return `has ${characters(text)} and no second _`
  if (id.length !== 12) return `has an ID of ${characters(id)}; a key's has 12`
  if (secret.length !== 43) return `has a secret of ${characters(secret)}; a key's has 43`
  return 'has characters that no key has'
}

function characters({ length }: string): string {
  return length === 1 ? '1 character' : `${length} characters`
}
