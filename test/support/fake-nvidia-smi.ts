import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface FakeNvidiaSmi {
  /** A PATH with the fake in front; undefined variables are not there. */
  variables: { PATH: string }
  /** The arguments of each call so far. */
  calls(): Promise<string[]>
  /** From now on it does this. */
  becomes(script: string): Promise<void>
}

/** An executable called nvidia-smi, alone on a PATH of this test's own. `script`: what it does, in sh without a PATH. */
export async function fakeNvidiaSmi(script: string): Promise<FakeNvidiaSmi> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-nvidia-smi-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'nvidia-smi')
  const becomes = async (body: string) => {
    await writeFile(file, `#!/bin/sh\necho "$*" >> '${folder}/calls'\n${body}\n`)
    await chmod(file, 0o755)
  }
  await becomes(script)
  return {
    variables: { PATH: folder },
    becomes,
    calls: async () => {
      const text = await readFile(join(folder, 'calls'), 'utf8').catch(() => '')
      return text.split('\n').filter(Boolean)
    },
  }
}

/** `lines` on standard output. */
export const prints = (...lines: string[]) => lines.map((line) => `echo '${line}'`).join('\n')
