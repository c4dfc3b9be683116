import { type Argument, CommandError, type CommandLine } from './command.ts'

/**
 * The command in a request's target such as `/set/key/value?EX=100`. Segments are arguments, an empty one too, but not that after a last slash.
 * Then comes the body, if there is one; then the query's pairs, a pair without a value as one argument. All percent-encoding
 * is decoded to bytes, whether they are UTF-8 or not. Throws CommandError.
 */
export function commandInTarget(target: string, body?: Buffer): CommandLine {
  const { path, query } = splitTarget(target)
  const [name = '', ...segments] = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  const args = segments.map((segment) => decoded(segment))
  if (body && body.length > 0) args.push(body)
  return [decoded(name).toString(), ...args, ...argumentsIn(query)]
}

export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?')
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

function argumentsIn(query: string): Argument[] {
  return query.split('&').flatMap((pair) => {
    const [key = '', ...rest] = pair.split('=')
    const value = rest.join('=')
    const name = decoded(key.replaceAll('+', ' '))
    // It lets the client in, and nothing else.
    if (key === '' || name.toString() === '_token') return []
    return value === '' ? [name] : [name, decoded(value.replaceAll('+', ' '))]
  })
}

const PLAIN = /^[ -$&-~]*$/
const ENCODED = /^(?:[^%]|%[\da-fA-F]{2})*$/

/** Node gives what came unencoded as one character a byte. */
function decoded(text: string): Argument {
  if (PLAIN.test(text)) return text
  if (!ENCODED.test(text)) throw new CommandError('ERR the path or the query is not percent-encoded')
  const bytes = text.replace(/%(..)/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  return Buffer.from(bytes, 'latin1')
}
