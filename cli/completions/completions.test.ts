import { execFile } from 'node:child_process'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli } from '../../test/support/cli-session.ts'

type Shell = 'bash' | 'zsh' | 'fish'

/** What each shell runs: the completions, and then what it would do when Tab is pressed behind these words. */
const PRESS_TAB: Record<Shell, string> = {
  bash: `source <(printf %s "$SCRIPT"); COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _edgebatch
    printf "%s\\n" "\${COMPREPLY[@]}"`,
  // What _describe and compadd do belongs to zsh, and wants its line editor.
  zsh: `source <(printf %s "$SCRIPT"); _describe() { print -rl -- "\${(@)choices%%:*}" }; _files() { }
    compadd() { shift; print -rl -- "$@" }; words=("$@"); CURRENT=$#; PREFIX=\${words[CURRENT]}; _edgebatch`,
  fish: 'printf %s "$SCRIPT" | source; complete -C (string join " " -- $argv) | string replace -r "\\t.*" ""; true',
}

const scripts = new Map<Shell, string>()
/** fish writes into it. */
let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'edgebatch-home-'))
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    scripts.set(shell, (await cli({ environment: {} }, 'completions', shell)).stdout)
})
afterAll(() => rm(home, { recursive: true }))

const isInstalled = async (shell: Shell) =>
  access(`/usr/bin/${shell}`).then(
    () => true,
    () => false,
  )

async function completed(shell: Shell, ...words: string[]): Promise<string[]> {
  const options = shell === 'fish' ? ['--no-config', '-c'] : [shell === 'zsh' ? '-fc' : '-c']
  // bash and zsh take the first argument for their own name.
  const given = shell === 'fish' ? words : [shell, ...words]
  const env = { SCRIPT: scripts.get(shell) ?? '', PATH: '/usr/bin:/bin', HOME: home }
  const { stdout } = await promisify(execFile)(shell, [...options, PRESS_TAB[shell], ...given], { env })
  const offered = stdout.split('\n').filter((word) => word !== '')
  // bash is given what fits; zsh and fish sort that out themselves.
  return offered.filter((word) => word.startsWith(words.at(-1) ?? '')).sort()
}

describe.each(['bash', 'zsh', 'fish'] as const)('%s', (shell) => {
  test('completes commands, those below them, flags and their values', async (context) => {
    if (!(await isInstalled(shell))) context.skip(`there is no ${shell} here`)
    expect(await completed(shell, 'edgebatch', 'mo')).toEqual(['model'])
    expect(await completed(shell, 'edgebatch', 'model', 're')).toEqual(['remove'])
    expect(await completed(shell, 'edgebatch', 'keys', '')).toEqual([
      'create',
      'list',
      'revoke',
      'webhook-secret',
    ])
    expect(await completed(shell, 'edgebatch', 'predict', 'a.jpg', '--pri')).toEqual(['--priority'])
    expect(await completed(shell, 'edgebatch', 'predict', '--priority', 'h')).toEqual(['high'])
    expect(await completed(shell, 'edgebatch', 'queue', '--pri')).toEqual([])
  })
})

test('a shell that is not known is refused', async () => {
  expect(await cli({ environment: {} }, 'completions', 'constructor')).toEqual({
    ...{ code: 2, stdout: '', stderr: 'edgebatch: which shell? edgebatch completions bash | zsh | fish\n' },
  })
})
