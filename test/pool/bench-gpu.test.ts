import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { measureBuckets } from '../../bench/gpu/buckets.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { loadModelPackage } from '../../worker-pool/models/model-package.ts'
import { fakeNvidiaSmi, prints } from '../support/fake-nvidia-smi.ts'
import { processEnv } from '../support/process-env.ts'

/** `npm run bench:gpu` with a PATH, which may have an nvidia-smi on it. */
function bench(path: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { cwd: PROJECT_ROOT, env: { ...processEnv(), PATH: path } }
  return new Promise((resolve) => {
    execFile(process.execPath, ['bench/gpu/main.ts'], options, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

test('a machine without a GPU is left with one line', async () => {
  expect(await bench('/nowhere')).toEqual({
    code: 0,
    stdout: 'bench:gpu: nvidia-smi shows no GPU on this machine, nothing to measure\n',
    stderr: '',
  })
})

test('a machine whose GPU cannot be used is told what it lacks', async () => {
  const { variables } = await fakeNvidiaSmi(prints('0, GPU-7c1e, NVIDIA L4, 23034'))
  const { code, stderr } = await bench(`${variables.PATH}:${processEnv().PATH}`)
  expect(stderr).toMatch(/^missing +ONNX Runtime cuda/m)
  expect(code).toBe(1)
})

test('every size of batch is held against the CPU, with the memory that it takes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-bench-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const modelDir = join(PROJECT_ROOT, 'models/efficientnet-lite0/1')
  const memory = [100, 300, 100, 300]
  const rows = await measureBuckets({
    setup: {
      ...{ modelDir, folder, model: await loadModelPackage(modelDir), env: processEnv(), threads: 1 },
      signal: new AbortController().signal,
      onProgress: () => {},
    },
    // The CPU stands in for the GPU: this is about the form, not the figures.
    ...{ provider: 'cpu', buckets: [1, 4], runs: 1 },
    memoryUsed: async () => (memory.shift() as number) * 2 ** 20,
  })
  expect([...new Set(rows.map((row) => row.case))]).toEqual(['batches of 1', 'batches of 4'])
  expect(rows.filter(({ unit }) => unit === 'MiB').map(({ value }) => value)).toEqual([200, 200])
  for (const { value, reference, unit, ratio } of rows) {
    expect(value).toBeGreaterThan(0)
    if (unit !== 'MiB') expect(ratio).toBe(value / (reference as number))
  }
})
