import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'
import type { ConsoleAsset, ConsoleAssets } from '../edge/console-assets.ts'

const CONSOLE = fileURLToPath(new URL('.', import.meta.url))
const FOLDER = join(CONSOLE, 'dist')
const BUILT = join(FOLDER, 'assets.js')

/** The pages, and where they are served. */
const PAGES: Readonly<Record<string, string>> = { 'playground.html': '/', 'dashboard.html': '/dashboard' }

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * Makes `console/dist/assets.js` of the console: a module that holds every page, script and style as text, so that whatever runs the
 * edge carries them along. Answers what is in it. Throws with what is wrong with the sources.
 */
export async function buildConsole(): Promise<ConsoleAssets> {
  const assets = Object.fromEntries((await bundled()).map(asAsset))
  await mkdir(FOLDER, { recursive: true })
  // Others may read it, or make it too.
  const unfinished = `${BUILT}.${crypto.randomUUID()}`
  await writeFile(unfinished, `export default ${JSON.stringify(assets, null, 1)}\n`)
  await rename(unfinished, BUILT)
  return assets
}

async function bundled(): Promise<Rolldown.RolldownOutput['output'][number][]> {
  const result = await build({
    root: CONSOLE,
    configFile: false,
    logLevel: 'warn',
    mode: 'production',
    // Whatever NODE_ENV says: tests are to see what is deployed.
    define: { 'process.env.NODE_ENV': '"production"' },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
    build: {
      write: false,
      target: 'es2023',
      // Their policy lets pages load files, and nothing that is written into them.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: Object.keys(PAGES).map((page) => join(CONSOLE, page)) },
    },
  })
  return (result as Rolldown.RolldownOutput).output
}

function asAsset(file: Rolldown.RolldownOutput['output'][number]): [path: string, asset: ConsoleAsset] {
  const contents = file.type === 'chunk' ? file.code : file.source
  const body = typeof contents === 'string' ? contents : new TextDecoder().decode(contents)
  const type = TYPES[extname(file.fileName)]
  if (type === undefined) throw new Error(`${file.fileName}: not known what type of file this is`)
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  return [PAGES[file.fileName] ?? `/${file.fileName}`, { type, body, hash }]
}
