import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { PROJECT_ROOT } from './project-root.ts'

export interface EdgeBundle {
  /** Folder with one JavaScript file and the .wasm modules: exactly what `wrangler deploy` uploads. */
  folder: string
  /** As wrangler counts it, e.g. `117.30 KiB`. */
  gzipSize: string
}

export interface BundleOptions {
  /** Another Worker than the edge, from the project's root. */
  entry?: string
  /** Ends wrangler, and all that it has started. */
  signal?: AbortSignal
}

/** Bundles the edge with `wrangler deploy --dry-run`. Throws with wrangler's words if that fails, and the signal's reason. */
export async function bundleEdge(
  folder: string,
  env: Record<string, string>,
  { entry, signal }: BundleOptions = {},
): Promise<EdgeBundle> {
  const said = await dryRun([...(entry === undefined ? [] : [entry]), '--outdir', folder], env, signal)
  return { folder, gzipSize: /gzip: ([\d.]+ \w+)/.exec(said)?.[1] ?? 'unknown' }
}

/**
 * `wrangler deploy --dry-run`; answers what it printed. It is a process group of its own: a Ctrl-C reaches only us, and what it has
 * started ends with it. When this rejects, nothing of it runs any more.
 */
export async function dryRun(
  options: string[],
  env: Record<string, string>,
  signal?: AbortSignal,
): Promise<string> {
  signal?.throwIfAborted()
  const wrangler = join(PROJECT_ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const child = spawn(process.execPath, [wrangler, 'deploy', '--dry-run', ...options], {
    cwd: PROJECT_ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    // What wrangler.toml has it run first is run by `node`: this one.
    env: {
      ...env,
      PATH: `${dirname(process.execPath)}${delimiter}${env.PATH}`,
      WRANGLER_SEND_METRICS: 'false',
      CI: 'true',
      NO_COLOR: '1',
    },
  })
  const endAll = () => {
    try {
      process.kill(-(child.pid as number), 'SIGTERM')
    } catch {
      // It has ended already.
    }
  }
  signal?.addEventListener('abort', endAll)
  // Not before its output is closed: whoever it has started holds that as well.
  const [said, wrong, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]).finally(() => signal?.removeEventListener('abort', endAll))
  signal?.throwIfAborted()
  if (code !== 0) throw new Error(`wrangler deploy --dry-run failed:\n${wrong || said}`)
  return said
}
