/**
 * Text that others have made, such as a service's, for a terminal: what would move its cursor, or give it orders, is shown as JSON writes it, and JSON
 * stays what it was. Tabs and ends of lines are left.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, escaped)
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\t\n]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
