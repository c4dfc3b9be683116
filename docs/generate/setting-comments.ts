/** A comment of JSDoc's kind, and the name of the property that follows it. */
const COMMENTED_SETTING = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*([A-Z][A-Z0-9_]*):/g

/**
 * What the comments beside the settings of a schema say, by the settings' names: there the words stand once, for who reads the code and who
 * reads the page. `source`: of the file. A setting without a comment of its own is not among them.
 */
export function settingComments(source: string): Map<string, string> {
  return new Map(
    [...source.matchAll(COMMENTED_SETTING)].map(([, comment = '', name = '']) => [name, inOneLine(comment)]),
  )
}

function inOneLine(comment: string): string {
  return comment
    .replaceAll(/^\s*\*/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
