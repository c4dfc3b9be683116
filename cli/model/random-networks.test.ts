import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RANDOM_NETWORK_CLASSES, randomNetwork } from '../../test/support/random-network.ts'
import { addOptions } from './add-command.ts'
import { addModel } from './add-model.ts'

/** Of probabilities: rounding of float32, and of float16, of which a graph's optimisation may drop or add some. */
const TOLERANCE = { single: 1e-4, half: 1e-2 }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-random-'))
  const labels = Array.from({ length: RANDOM_NETWORK_CLASSES }, (_, i) => `class ${i}\n`)
  await writeFile(join(folder, 'labels.txt'), labels.join(''))
})
afterAll(() => rm(folder, { recursive: true }))

const networks = Array.from({ length: 60 }, (_, seed) => ({ seed, ...randomNetwork(seed) }))

test.each(networks)('network $seed ($description) answers as the original, on bytes', async (network) => {
  const path = join(folder, `${network.seed}.onnx`)
  await writeFile(path, network.bytes)
  const bgr = network.seed % 5 === 0 ? { channels: 'bgr' } : {}
  const options = await addOptions({
    name: `network-${network.seed}`,
    repository: join(folder, 'models'),
    labels: join(folder, 'labels.txt'),
    mean: '0.4,0.5,0.6',
    std: '0.2,0.3,0.25',
    ...bgr,
  })
  const { agreement, kept } = await addModel(path, options, new AbortController().signal)
  expect(kept).toBeUndefined()
  expect(agreement.largestDifference).toBeLessThanOrEqual(network.half ? TOLERANCE.half : TOLERANCE.single)
})
