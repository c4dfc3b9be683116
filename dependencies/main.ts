import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { graveFindings } from './advisories.ts'
import { isAllowed, productionPackages } from './licences.ts'

/** How long the registry may take; whoever cannot reach it should not wait for long. */
const AUDIT_MS = 60_000

/**
 * Entry: `npm run check:dependencies`. Fails if a package that we ship with has a licence that was not decided on, or a known grave
 * weakness. Where the registry does not tell of weaknesses, it says so and goes on: the licences alone need no network.
 */
async function main(): Promise<void> {
  const packages = productionPackages(JSON.parse(await readFile('package-lock.json', 'utf8')))
  const refused = packages.filter((locked) => !isAllowed(locked))
  for (const { name, version, licence = 'none' } of refused)
    say(
      `${name} ${version}: its licence is ${licence}; decide on it in dependencies/licences.ts, or do without`,
    )
  const findings = graveFindings(await npmAudit())
  if (!findings) say('known weaknesses: not checked, as the registry does not answer npm audit here')
  for (const finding of findings ?? []) say(finding)
  if (refused.length > 0 || (findings ?? []).length > 0) process.exitCode = 1
  else say(`${packages.length} packages: licences are in order`)
}

function say(line: string): void {
  process.stdout.write(`dependencies: ${line}\n`)
}

/** What it writes; it fails, too, where it has found something. */
function npmAudit(): Promise<string> {
  const args = ['audit', '--json', '--omit=dev', '--fetch-retries=0']
  return new Promise((resolve) => {
    execFile('npm', args, { timeout: AUDIT_MS, maxBuffer: 2 ** 26 }, (_, stdout) => resolve(stdout))
  })
}

await main()
