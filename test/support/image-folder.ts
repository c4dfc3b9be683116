import { cpSync, readFileSync } from 'node:fs'
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join, matchesGlob, relative } from 'node:path'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { argumentsOf, isLeftOut, stage, stages } from './dockerfile.ts'

const BUILT = 'console/dist'

/** What ENV of a stage of the Dockerfile sets. */
export function imageEnvironment(target: string): Record<string, string> {
  const pairs = argumentsOf(stage(target), 'ENV').flatMap((line) => line.split(' '))
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]))
}

/** The arguments of CMD or ENTRYPOINT, after `node`. */
export function imageCommand(target: string, keyword: 'CMD' | 'ENTRYPOINT'): string[] {
  const [, ...args] = JSON.parse(argumentsOf(stage(target), keyword)[0] ?? '[]') as string[]
  return args
}

/** Makes `folder` what the image's /app is: no tests, no other folders, and of packages those that it has installed. */
export async function fillAsImage(folder: string, target: string): Promise<void> {
  await mkdir(join(folder, 'node_modules'), { recursive: true })
  const instructions = argumentsOf(stage(target), 'COPY')
  for (const line of instructions) {
    const [, from] = /^--from=(\S+)/.exec(line) ?? []
    if (from === 'application') copyInto(folder, argumentsOf(stage('application'), 'COPY'))
    else if (from?.endsWith('dependencies')) await installInto(folder, from)
    // Made by whatever set up this run of the tests, as the stage would make it.
    else if (from === 'console') cpSync(join(PROJECT_ROOT, BUILT), join(folder, BUILT), { recursive: true })
  }
  copyInto(
    folder,
    instructions.filter((line) => !line.startsWith('--from=')),
  )
}

function copyInto(folder: string, lines: readonly string[]): void {
  for (const source of lines.flatMap((line) => line.split(' ').slice(0, -1)))
    cpSync(join(PROJECT_ROOT, source), join(folder, source), {
      recursive: true,
      filter: (path) => !isLeftOut(relative(PROJECT_ROOT, path)),
    })
}

/** Links to packages that `npm ci --omit=dev` installs, less those that the stage removes. */
async function installInto(folder: string, from: string): Promise<void> {
  const { packages } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  const removed = stages
    .filter(({ name }) => name === from || name === 'dependencies')
    .flatMap((one) => argumentsOf(one, 'RUN'))
    .flatMap((line) => line.match(/node_modules\/[\w@.*/-]+/g) ?? [])
  const isRemoved = (path: string) =>
    removed.some((pattern) => matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`))
  const here = new Set(await readdir(join(PROJECT_ROOT, 'node_modules')))
  for (const [path, { dev }] of Object.entries(packages)) {
    const [, scope = '', name = ''] = /^node_modules\/(?:(@[^/]+)\/)?([^/]+)$/.exec(path) ?? []
    if (name === '' || dev || isRemoved(path) || !here.has(scope || name)) continue
    await mkdir(join(folder, 'node_modules', scope), { recursive: true })
    await symlink(join(PROJECT_ROOT, path), join(folder, path))
  }
}
