import { readFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'

const read = (file: string) => readFileSync(join(PROJECT_ROOT, file), 'utf8')

export interface Stage {
  image: string
  name: string
  /** `KEYWORD arguments`, lines joined, comments gone. */
  instructions: string[]
}

function parseStages(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: Stage[] = []
  for (const line of lines) {
    const [, image, name] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? []
    if (image && name) stages.push({ image, name, instructions: [] })
    else stages.at(-1)?.instructions.push(line)
  }
  return stages
}

/** Of our Dockerfile, in its order. */
export const stages: readonly Stage[] = parseStages(read('Dockerfile'))
/** The one of that name. */
export const stage = (name: string): Stage => stages.find((one) => one.name === name) as Stage

/** What follows each such keyword. */
export const argumentsOf = ({ instructions }: Stage, keyword: string): string[] =>
  instructions.flatMap((line) => (line.startsWith(`${keyword} `) ? [line.slice(keyword.length + 1)] : []))

const ignored = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

/** Whether Docker is not sent that path. */
export function isLeftOut(path: string): boolean {
  return ignored.reduce((out, pattern) => {
    const wanted = pattern.startsWith('!')
    const glob = wanted ? pattern.slice(1) : pattern
    // Docker's `*` takes names with a leading dot, too.
    const matches = glob === '*' || matchesGlob(path, glob) || matchesGlob(path, `${glob}/**`)
    return matches ? !wanted : out
  }, false)
}
