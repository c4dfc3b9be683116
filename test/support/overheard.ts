import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** All that a system tells the world, as far as it was listened to, for looking whether a secret is among it. */
export class Overheard {
  readonly #said: { where: string; bytes: Buffer }[] = []

  hear(where: string, what: string | Buffer): void {
    this.#said.push({ where, bytes: Buffer.from(what) })
  }

  /** Hears status, headers and body of an answer. Gives the body. */
  async answer(where: string, answer: Response | Promise<Response>): Promise<string> {
    const response = await answer
    const body = Buffer.from(await response.arrayBuffer())
    const headers = JSON.stringify([...response.headers])
    this.hear(`answer: ${where}`, Buffer.concat([Buffer.from(`${response.status} ${headers}\n`), body]))
    return body.toString()
  }

  /** Hears what is written in files `*.log` of a folder. */
  async logs(folder: string): Promise<void> {
    for (const name of await readdir(folder))
      if (name.endsWith('.log')) this.hear(`log: ${name}`, await readFile(join(folder, name)))
  }

  /** Hears the command lines and titles of these processes and of all that they have started. */
  async processes(pids: readonly number[]): Promise<void> {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-A', '-o', 'pid=,ppid=,args='])
    const rows = [...stdout.matchAll(/^ *(\d+) +(\d+) (.*)$/gm)].map(([, pid, parent, args = '']) => ({
      ...{ pid: Number(pid), parent: Number(parent), args },
    }))
    const family = new Set(pids)
    for (let size = 0; size < family.size; ) {
      size = family.size
      for (const { pid, parent } of rows) if (family.has(parent)) family.add(pid)
    }
    for (const { pid, args } of rows.filter(({ pid }) => family.has(pid))) {
      this.hear('process', args)
      // Only where there is a /proc.
      this.hear('process', await readFile(`/proc/${pid}/cmdline`).catch(() => ''))
    }
  }

  /** What was listened to, and how often it said something. */
  get sources(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { where, bytes } of this.#said) if (bytes.length > 0) counts[where] = (counts[where] ?? 0) + 1
    return counts
  }

  /** Where each of these was heard, by its name. */
  whereHeard(secrets: Record<string, string | Buffer>): Record<string, string[]> {
    const found = Object.entries(secrets).map(([name, secret]) => {
      const places = this.#said.filter(({ bytes }) => bytes.includes(secret)).map(({ where }) => where)
      return [name, [...new Set(places)]] satisfies [string, string[]]
    })
    return Object.fromEntries(found.filter(([, places]) => places.length > 0))
  }
}

/** Pieces from all over some bytes, in the forms in which they might be written down. */
export function piecesOf(name: string, bytes: Buffer): Record<string, Buffer | string> {
  const base64 = bytes.toString('base64')
  const pieces: Record<string, Buffer | string> = {}
  for (let i = 1; i < 10; i++) {
    const at = Math.floor((bytes.length * i) / 30) * 3
    const piece = bytes.subarray(at, at + 12)
    pieces[`${name} at ${at}`] = piece
    pieces[`${name} at ${at} in base64`] = base64.slice((at / 3) * 4, (at / 3) * 4 + 16)
    pieces[`${name} at ${at} in hex`] = piece.toString('hex')
    pieces[`${name} at ${at} in numbers`] = piece.join(',')
  }
  return pieces
}
