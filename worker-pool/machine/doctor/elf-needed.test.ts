import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ElfError, neededLibraries } from './elf-needed.ts'

/** The package brings the libraries of all systems, wherever it is installed. */
const BINARIES = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '../bin/napi-v6')
const LIBRARY = join(BINARIES, 'linux/x64/libonnxruntime.so.1')

async function fileOf(bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-elf-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'library.so'), bytes)
  return join(folder, 'library.so')
}

describe('the libraries that a library needs', () => {
  test("are what readelf lists of ONNX Runtime's", async () => {
    expect(await neededLibraries(LIBRARY)).toEqual([
      'libdl.so.2',
      'librt.so.1',
      'libpthread.so.0',
      'libstdc++.so.6',
      'libm.so.6',
      'libgcc_s.so.1',
      'libc.so.6',
      'ld-linux-x86-64.so.2',
    ])
  })

  test('are read of other processors, too', async () => {
    expect(await neededLibraries(join(BINARIES, 'linux/arm64/libonnxruntime.so.1'))).toContain('libc.so.6')
  })

  test.each([
    ['a Windows library', 'win32/x64/onnxruntime.dll'],
    ['a macOS library', 'darwin/arm64/libonnxruntime.1.dylib'],
  ])('are not read of %s', async (_what, file) => {
    await expect(neededLibraries(join(BINARIES, file))).rejects.toThrow(ElfError)
  })

  test.each([0, 3, 63, 64, 200, 4_000])('are not read of a file that ends after %i bytes', async (length) => {
    const file = await fileOf((await readFile(LIBRARY)).subarray(0, length))
    await expect(neededLibraries(file)).rejects.toThrow(ElfError)
  })

  test('are not read where the headers say nonsense', async () => {
    const bytes = Buffer.from((await readFile(LIBRARY)).subarray(0, 4096))
    bytes.writeBigUInt64LE(2n ** 63n, 32)
    await expect(neededLibraries(await fileOf(bytes))).rejects.toThrow(ElfError)
  })
})
