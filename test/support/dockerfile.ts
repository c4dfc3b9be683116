import { readFileSync } from 'node:fs'

/** One image of our Dockerfile. */
export interface DockerStage {
  image: string
  name: string
  /** `KEYWORD arguments`, lines joined, comments gone. */
  instructions: string[]
}

export function dockerStages(): DockerStage[] {
  const text = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8')
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: DockerStage[] = []
  for (const line of lines) {
    const [, image, name] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? []
    if (image && name) stages.push({ image, name, instructions: [] })
    else stages.at(-1)?.instructions.push(line)
  }
  return stages
}

export function stageNamed(name: string, stages: readonly DockerStage[] = dockerStages()): DockerStage {
  return stages.find((one) => one.name === name) as DockerStage
}

/** What follows a keyword, for each of its instructions. */
export function argumentsOf({ instructions }: DockerStage, keyword: string): string[] {
  return instructions.flatMap((line) =>
    line.startsWith(`${keyword} `) ? [line.slice(keyword.length + 1)] : [],
  )
}
