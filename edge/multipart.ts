import { ProblemError } from '../shared/errors.ts'

/** One part of a form. `data` is a view of the body: nothing is copied. */
export interface FormPart {
  readonly name: string
  /** A part with a file name, empty or not; others hold text. */
  readonly isFile: boolean
  readonly data: Uint8Array
}

/** Real parts have two or three short headers. */
const MAX_HEADER_BYTES = 4_096
const MAX_PARTS = 100
const [CR, LF, DASH, SPACE, TAB] = [0x0d, 0x0a, 0x2d, 0x20, 0x09]

/**
 * The parts of a multipart/form-data body (RFC 7578), in order. Takes one pass over the bytes and no memory of its own: the
 * platform's parser copies every file twice. Throws ProblemError 'invalid-request' for whatever is not such a body, one that
 * stops before its closing boundary among it.
 */
export function formParts(body: Uint8Array, contentType: string): FormPart[] {
  const delimiter = latin1(`--${boundaryOf(contentType)}`)
  const parts: FormPart[] = []
  let at = findDelimiter(body, delimiter, 0)
  for (;;) {
    if (at < 0) throw malformed('its closing boundary is missing')
    const start = at + delimiter.length
    if (body[start] === DASH) return parts
    if (parts.length === MAX_PARTS) throw malformed(`it has more than ${MAX_PARTS} parts`)
    const headers = endOfLine(body, start)
    const data = endOfHeaders(body, headers)
    const next = findDelimiter(body, delimiter, data)
    // The line break before a delimiter belongs to it.
    if (next >= 0)
      parts.push({ ...disposition(body.subarray(headers, data)), data: body.subarray(data, next - 2) })
    at = next
  }
}

/** RFC 2046, 5.1.1: up to 70 characters, in quotes where it holds others than a token may. The first one counts. */
function boundaryOf(contentType: string): string {
  const boundary = parametersOf(contentType).get('boundary')
  if (!boundary || boundary.length > 70) throw malformed('its Content-Type names no boundary')
  return boundary
}

/** `; name=value` and `; name="value"` behind a header's first word, by lower-case name; the first of equal names counts. */
function parametersOf(header: string): Map<string, string> {
  const parameters = new Map<string, string>()
  const parameter = /\s*;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/y
  parameter.lastIndex = Math.max(0, header.indexOf(';'))
  for (let match = parameter.exec(header); match; match = parameter.exec(header)) {
    const name = (match[1] as string).toLowerCase()
    if (!parameters.has(name)) parameters.set(name, match[2] ?? (match[3] as string))
  }
  return parameters
}

/** Where the next delimiter stands that begins a line and is not the beginning of a longer word; -1 if there is none. */
function findDelimiter(body: Uint8Array, delimiter: Uint8Array, from: number): number {
  if (from === 0 && isDelimiter(body, delimiter, 0)) return 0
  for (let at = body.indexOf(CR, from); at >= 0; at = body.indexOf(CR, at + 1)) {
    if (body[at + 1] === LF && isDelimiter(body, delimiter, at + 2)) return at + 2
  }
  return -1
}

function isDelimiter(body: Uint8Array, delimiter: Uint8Array, at: number): boolean {
  for (let i = 0; i < delimiter.length; i++) if (body[at + i] !== delimiter[i]) return false
  const [next, afterNext] = [body[at + delimiter.length], body[at + delimiter.length + 1]]
  return next === CR || next === SPACE || next === TAB || (next === DASH && afterNext === DASH)
}

/** After a delimiter there may be white space, then the line must end; returns where the next one starts. */
function endOfLine(body: Uint8Array, from: number): number {
  let at = from
  while (body[at] === SPACE || body[at] === TAB) at++
  if (body[at] !== CR || body[at + 1] !== LF) throw malformed('a boundary does not end its line')
  return at + 2
}

/** Where a part's content starts: after the first empty line. */
function endOfHeaders(body: Uint8Array, from: number): number {
  const end = Math.min(body.length, from + MAX_HEADER_BYTES)
  for (let line = from; line < end; ) {
    if (body[line] === CR && body[line + 1] === LF) return line + 2
    const at = body.indexOf(LF, line)
    if (at < 0) break
    line = at + 1
  }
  throw malformed('the headers of a part do not end')
}

/** Headers may go on in lines that begin with white space. */
function disposition(headers: Uint8Array): Pick<FormPart, 'name' | 'isFile'> {
  const lines = new TextDecoder()
    .decode(headers)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const line = lines.find((header) => /^content-disposition\s*:\s*form-data\s*;/i.test(header))
  const parameters = parametersOf(line ?? '')
  const name = parameters.get('name')
  if (name === undefined) throw malformed('a part has no name')
  return { name, isFile: parameters.has('filename') || parameters.has('filename*') }
}

function malformed(what: string): ProblemError {
  return new ProblemError('invalid-request', `The multipart body cannot be parsed: ${what}.`)
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
