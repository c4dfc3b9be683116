import { execFile } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_ROOT } from './project-root.ts'

const execute = promisify(execFile)

export interface EdgeBundle {
  /** Folder with one JavaScript file and the .wasm modules: exactly what `wrangler deploy` uploads. */
  folder: string
  /** As wrangler counts it, e.g. `117.30 KiB`. */
  gzipSize: string
}

/**
 * Bundles the edge with `wrangler deploy --dry-run`, or another Worker (`entry`, from the project's root) in the same way.
 * Throws with wrangler's words if that fails.
 */
export async function bundleEdge(
  folder: string,
  env: Record<string, string>,
  entry?: string,
): Promise<EdgeBundle> {
  const said = await dryRun([...(entry === undefined ? [] : [entry]), '--outdir', folder], env)
  return { folder, gzipSize: /gzip: ([\d.]+ \w+)/.exec(said)?.[1] ?? 'unknown' }
}

/** `wrangler deploy --dry-run`; answers what it printed. */
export async function dryRun(options: string[], env: Record<string, string>): Promise<string> {
  const wrangler = join(PROJECT_ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const { stdout } = await execute(process.execPath, [wrangler, 'deploy', '--dry-run', ...options], {
    cwd: PROJECT_ROOT,
    // What wrangler.toml has it run first is run by `node`: this one.
    env: {
      ...env,
      PATH: `${dirname(process.execPath)}${delimiter}${env.PATH}`,
      WRANGLER_SEND_METRICS: 'false',
      CI: 'true',
      NO_COLOR: '1',
    },
  })
  return stdout
}
