import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A folder of test files beside `tests/`, for `terraform test -test-directory`; `terraform fmt` passes over hidden ones. */
export const BAD_INPUTS = '.bad-inputs'

/** A block at the beginning of a line, as `terraform fmt` leaves it: its kind, and all of it. */
const BLOCK = /^(\w+)[^\n]*\{(?:\}|\n.*?^\})$/gms

/**
 * Takes a module's runs that expect failures, and makes each a test file of its own that does not expect them: Terraform then prints what a
 * user would read. (With `expect_failures` it compares no messages, and the runs after a failed one of the same file are skipped.)
 * Answers how many there are.
 */
export async function writeBadInputs(module: string): Promise<number> {
  const tests = join(module, 'tests')
  const files = (await readdir(tests)).filter((file) => file.endsWith('.tftest.hcl'))
  await mkdir(join(module, BAD_INPUTS))
  let written = 0
  for (const file of files) {
    const blocks = [...(await readFile(join(tests, file), 'utf8')).matchAll(BLOCK)]
    const shared = blocks.filter(([, kind]) => kind !== 'run').map(([block]) => block)
    const failing = blocks.filter(([block, kind]) => kind === 'run' && block.includes('expect_failures'))
    for (const [run] of failing) {
      const unexpecting = run.replace(/expect_failures\s*=\s*\[[^\]]*\]/, '')
      await writeFile(
        join(module, BAD_INPUTS, `${written++}.tftest.hcl`),
        [...shared, unexpecting].join('\n\n'),
      )
    }
  }
  return written
}

/** The messages of all validations, preconditions and checks of a module that are not in a text: what Terraform puts into one is left out. */
export async function messagesUnsaid(module: string, output: string): Promise<string[]> {
  const files = (await readdir(module)).filter((file) => file.endsWith('.tf'))
  const texts = await Promise.all(files.map((file) => readFile(join(module, file), 'utf8')))
  const messages = texts.flatMap((text) => [...text.matchAll(/^\s*error_message\s*=\s*"(.*)"$/gm)])
  // Terraform breaks its lines somewhere.
  const said = output.replaceAll(/\s+/g, ' ')
  return messages
    .map(([, quoted = '']) => quoted.replaceAll('\\"', '"'))
    .filter((message) => !message.split(/\$\{[^}]*\}/).every((part) => said.includes(part)))
}
