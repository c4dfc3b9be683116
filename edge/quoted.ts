/** As much as any name of a model or a version has. */
const MAX_CHARACTERS = 64

/** A name as a client has written it, for a message: short, and nothing in it but what names are made of. */
export function quoted(name: string): string {
  const [shown, cut] = [name.slice(0, MAX_CHARACTERS), name.length > MAX_CHARACTERS]
  return `"${shown.replace(/[^\w.@-]/g, '?')}${cut ? '…' : ''}"`
}
