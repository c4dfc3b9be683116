import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as asc from 'assemblyscript/asc'

/** AssemblyScript entry files, and the modules that they become; both under image/. */
export const ASSEMBLIES = [
  { source: 'resize/assembly/index.ts', module: 'resize/resizer.wasm' },
  { source: 'png/assembly/index.ts', module: 'png/png-decoder.wasm' },
] as const

/** No runtime: the sources use raw memory only, laid out by the host. */
const FLAGS = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd,bulk-memory']

const IMAGE_FOLDER = join(dirname(fileURLToPath(import.meta.url)), 'image')

export function modulePath(module: string): string {
  return join(IMAGE_FOLDER, module)
}

/** The compiled module; the same bytes for the same source and compiler. Throws with the compiler's words. */
export async function compileAssembly(source: string): Promise<Uint8Array> {
  let compiled: Uint8Array | undefined
  const { error, stderr } = await asc.main([source, ...FLAGS, '--outFile', 'out.wasm'], {
    readFile: (name, base) => readFile(join(IMAGE_FOLDER, base, name), 'utf8').catch(() => null),
    writeFile: (_, contents) => {
      compiled = typeof contents === 'string' ? undefined : contents
    },
    listFiles: () => [],
  })
  if (error || !compiled) throw new Error(`${source}: ${error?.message}\n${stderr.toString()}`)
  return compiled
}

/** Entry: `npm run build:wasm`. */
if (import.meta.main) {
  for (const { source, module } of ASSEMBLIES) {
    const compiled = await compileAssembly(source)
    await writeFile(modulePath(module), compiled)
    process.stdout.write(`edge/image/${module}: ${compiled.length} bytes\n`)
  }
}
