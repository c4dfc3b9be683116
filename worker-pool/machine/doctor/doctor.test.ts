import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fakeNvidiaSmi } from '../../../test/support/fake-nvidia-smi.ts'
import { createQueryGpus } from '../nvidia-smi.ts'
import { asJson, asTable, type Check, exitCodeOf } from './check.ts'
import { checkGpus } from './gpu-checks.ts'
import { createFindLibrary, parseLinkerCache } from './library-search.ts'
import { checkDisk, checkHealthPort, checkMemory, checkNode } from './machine-checks.ts'
import { checkProvider } from './provider-checks.ts'
import { checkRedis, skewCheck } from './redis-check.ts'

const check = (state: Check['state'], needed: boolean): Check => ({ name: 'it', state, needed, found: 'x' })

async function emptyFolder(...files: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-doctor-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const file of files) await writeFile(join(folder, file), '')
  return folder
}

describe("the doctor's verdict", () => {
  test('fails only for what is missing and needed', () => {
    expect(exitCodeOf([check('ok', true), check('warning', true), check('missing', false)])).toBe(0)
    expect(exitCodeOf([check('ok', true), check('missing', true)])).toBe(1)
  })

  test('is a table that says what to do, and what can be left', () => {
    const table = asTable([
      { name: 'Node', state: 'ok', needed: true, found: '24.1.0' },
      { name: 'GPUs', state: 'missing', needed: false, found: 'none', fix: 'buy one' },
    ])
    expect(table).toBe(
      [
        'ok       Node  24.1.0',
        'missing  GPUs  none (not needed with these settings)',
        '               fix: buy one',
        '',
      ].join('\n'),
    )
  })

  test('is JSON for programs', () => {
    expect(JSON.parse(asJson([check('missing', true)]))).toEqual({
      ok: false,
      checks: [check('missing', true)],
    })
  })
})

describe('the driver and its GPUs', () => {
  const smi = (driver: string) =>
    fakeNvidiaSmi(`case "$*" in
  *driver_version*) echo '${driver}' ;;
  *) echo '0, GPU-a, NVIDIA L4, 23034' ;;
esac`)

  test('are fine from 580 on', async () => {
    const { variables } = await smi('580.95.05')
    expect(await checkGpus(createQueryGpus(variables), true)).toMatchObject([
      { state: 'ok', found: '580.95.05' },
      { state: 'ok', found: '0: NVIDIA L4, 22.5 GiB' },
    ])
  })

  test('will not do with an older driver', async () => {
    const { variables } = await smi('579.99')
    const [driver] = await checkGpus(createQueryGpus(variables), true)
    expect(driver).toMatchObject({ state: 'missing', needed: true, fix: expect.stringContaining('580') })
  })

  test('are missing without nvidia-smi, which matters only to those who use GPUs', async () => {
    const query = createQueryGpus({ PATH: '/nonexistent' })
    expect(exitCodeOf(await checkGpus(query, true))).toBe(1)
    expect(exitCodeOf(await checkGpus(query, false))).toBe(0)
  })

  test('are missing where the driver is broken, or has no GPU', async () => {
    const broken = await fakeNvidiaSmi('echo "NVML: Driver/library version mismatch"; exit 18')
    expect(await checkGpus(createQueryGpus(broken.variables), true)).toMatchObject([
      { state: 'missing', found: expect.stringContaining('mismatch') },
    ])
    const none = await fakeNvidiaSmi('echo "No devices were found"')
    expect(await checkGpus(createQueryGpus(none.variables), true)).toMatchObject([
      { name: 'GPUs', state: 'missing' },
    ])
  })
})

describe('libraries', () => {
  const runtime = join(
    dirname(createRequire(import.meta.url).resolve('onnxruntime-node')),
    '../bin/napi-v6/linux/x64',
  )

  test("are found beside their user, in LD_LIBRARY_PATH and in the linker's cache", async () => {
    const [beside, named] = [await emptyFolder('a.so.1'), await emptyFolder('a.so.1', 'b.so.2')]
    const find = await createFindLibrary({ LD_LIBRARY_PATH: `:${named}` }, [beside])
    expect(await find('a.so.1')).toEqual({ file: join(beside, 'a.so.1'), loadable: true })
    expect(await find('b.so.2')).toEqual({ file: join(named, 'b.so.2'), loadable: true })
    expect(await find('libnothing-of-that-name.so.1')).toBeUndefined()
  })

  test("are read from the linker's cache", () => {
    const cache = parseLinkerCache(
      [
        "3 libs found in cache `/etc/ld.so.cache'",
        '\tlibz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1',
        '\tlibz.so.1 (libc6) => /lib/i386-linux-gnu/libz.so.1',
        '\tlibc.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libc.so.6',
      ].join('\n'),
    )
    expect([...cache]).toEqual([
      ['libz.so.1', '/lib/x86_64-linux-gnu/libz.so.1'],
      ['libc.so.6', '/lib/x86_64-linux-gnu/libc.so.6'],
    ])
  })

  test('of a provider that is not installed are those its release is known to need', async () => {
    const asked: string[] = []
    const [own, libraries] = await checkProvider('cuda', runtime, async (name) => void asked.push(name), true)
    expect(own).toMatchObject({ state: 'missing', fix: expect.stringContaining('install.js') })
    expect(libraries?.found).toBe(`not found: ${asked.join(', ')}`)
    expect(asked).toEqual(expect.arrayContaining(['libcudart.so.13', 'libcudnn.so.9', 'libcuda.so.1']))
    for (const part of ['NVIDIA driver', 'CUDA 13', 'cuDNN 9']) expect(libraries?.fix).toContain(part)
  })

  test('of a provider that is installed are those its file names, and those it opens later', async () => {
    const folder = await emptyFolder('libonnxruntime_providers_shared.so')
    await copyFile(join(runtime, 'libonnxruntime.so.1'), join(folder, 'libonnxruntime_providers_cuda.so'))
    const has = new Set(['libc.so.6', 'libcudnn.so.9'])
    const [own, libraries] = await checkProvider(
      'cuda',
      folder,
      async (name) => (has.has(name) ? { file: name, loadable: true } : undefined),
      true,
    )
    expect(own?.state).toBe('ok')
    expect(libraries).toMatchObject({ state: 'missing', found: expect.stringContaining('libstdc++.so.6') })
    expect(libraries?.found).not.toMatch(/libc\.so\.6|libcudnn/)
    expect(libraries?.found).toContain('libcufft.so.12')
    const everywhere = async (name: string) => ({ file: name, loadable: true })
    const [, complete] = await checkProvider('cuda', folder, everywhere, true)
    expect(complete).toMatchObject({ state: 'ok', found: 'all 10' })
  })
})

test('a provider without the library that it is loaded through is missing', async () => {
  const folder = await emptyFolder()
  const runtime = createRequire(import.meta.url).resolve('onnxruntime-node')
  const library = join(dirname(runtime), '../bin/napi-v6/linux/x64/libonnxruntime.so.1')
  await copyFile(library, join(folder, 'libonnxruntime_providers_cuda.so'))
  const everywhere = async (name: string) => ({ file: name, loadable: true })
  const [own] = await checkProvider('cuda', folder, everywhere, true)
  expect(own).toMatchObject({ state: 'missing', found: 'no libonnxruntime_providers_shared.so' })
})

describe('libraries that the linker has not been told of', () => {
  test('are missing, and the fix is where they are', async () => {
    const find = async (name: string) => ({ file: `/usr/local/cuda-13.0/lib64/${name}`, loadable: false })
    const [, libraries] = await checkProvider('cuda', '/nonexistent', find, true)
    expect(libraries).toMatchObject({ state: 'missing', fix: 'LD_LIBRARY_PATH=/usr/local/cuda-13.0/lib64' })
  })
})

describe('Redis', () => {
  test('that cannot be reached is missing, and no password is shown', async () => {
    const checks = await checkRedis('redis://user:secret@127.0.0.1:1', { now: () => 0 })
    expect(checks).toMatchObject([{ state: 'missing', needed: true }])
    expect(JSON.stringify(checks)).not.toMatch(/secret|user/)
    expect(checks[0]?.found).toContain('127.0.0.1:1')
  })

  test.each([
    [12, 'ok', '12 ms ahead of ours'],
    [-1_000, 'ok', '1000 ms behind ours'],
    [-1_001, 'warning', '1001 ms behind ours'],
  ])('whose clock is %i ms off: %s', (skewMs, state, found) => {
    expect(skewCheck(skewMs)).toMatchObject({ state, found })
  })
})

describe('the machine', () => {
  test.each([
    ['22.18.0', 'ok'],
    ['24.0.0', 'ok'],
    ['22.17.9', 'missing'],
    ['20.20.2', 'missing'],
  ])('with Node %s: %s', (version, state) => {
    expect(checkNode(version).state).toBe(state)
  })

  test('is warned about when memory or disk is short, or cannot be told', async () => {
    expect(checkMemory(2 ** 31).state).toBe('ok')
    expect(checkMemory(2 ** 31 - 1).state).toBe('warning')
    expect((await checkDisk('/nonexistent')).state).toBe('warning')
  })

  test('is warned about when the health port is taken', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    expect(await checkHealthPort('127.0.0.1', port)).toMatchObject([
      { state: 'warning', found: expect.stringContaining('EADDRINUSE') },
    ])
    expect(await checkHealthPort('127.0.0.1', undefined)).toEqual([])
  })
})
