import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { ASSEMBLIES, compileAssembly, modulePath } from './build-assembly.ts'

test.each(ASSEMBLIES)(
  '$module is what $source compiles to; if not: npm run build:wasm',
  async ({ source, module }) => {
    const committed = await readFile(modulePath(module))
    expect(Buffer.from(await compileAssembly(source)).equals(committed)).toBe(true)
  },
)

test.each(ASSEMBLIES)(
  '$module imports nothing and brings no data of its own: its memory is the host’s to lay out',
  async ({ module }) => {
    const compiled = new WebAssembly.Module(await readFile(modulePath(module)))
    expect(WebAssembly.Module.imports(compiled)).toEqual([])
    const { memory } = new WebAssembly.Instance(compiled).exports
    expect(new Uint8Array((memory as WebAssembly.Memory).buffer).every((byte) => byte === 0)).toBe(true)
  },
)
