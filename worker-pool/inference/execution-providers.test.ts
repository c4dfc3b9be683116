import { listSupportedBackends } from 'onnxruntime-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { embeddingGraph, smallPackage } from '../../test/support/small-models.ts'
import { loadModelPackage, ModelPackageError } from '../models/model-package.ts'
import { InferenceSession } from './inference-session.ts'

/** No build has both; and the libraries of tensorrt are not installed where tests run. */
const NOT_BUILT = listSupportedBackends().some(({ name }) => name === 'coreml') ? 'dml' : 'coreml'
const NOT_INSTALLED = 'tensorrt'

async function load(
  providers: string[],
  { strict, graph = embeddingGraph }: { strict: boolean; graph?: Uint8Array },
): Promise<InferenceSession> {
  const { folder, remove } = await smallPackage(
    { task: 'embedding', outputs: { embedding: 'embedding' } },
    { 'model.onnx': graph },
  )
  onTestFinished(remove)
  const options = { providers, intraOpThreads: 1, deviceId: 0, strict }
  const session = await InferenceSession.load(await loadModelPackage(folder), options)
  onTestFinished(() => session.close())
  return session
}

test('a session says what it runs on', async () => {
  const session = await load(['cpu'], { strict: true })
  expect(session.providers).toEqual(['cpu'])
  expect(session.unavailable).toEqual([])
})

describe('a provider that cannot be had', () => {
  test.each([
    ['that this build does not know', NOT_BUILT],
    ['whose libraries are missing', NOT_INSTALLED],
  ])('%s is an error if that is asked for, with the fix', async (_, provider) => {
    const loading = load([provider, 'cpu'], { strict: true })
    await expect(loading).rejects.toThrow(ConfigurationError)
    await expect(loading).rejects.toThrow(`${provider} is not available in this build or on this machine: `)
    await expect(loading).rejects.toThrow(`leave ${provider} out of EXECUTION_PROVIDERS`)
  })

  test('gives way to the next, and its reason is told', async () => {
    const session = await load([NOT_BUILT, NOT_INSTALLED, 'cpu'], { strict: false })
    expect(session.providers).toEqual(['cpu'])
    expect(session.unavailable.map(({ provider }) => provider)).toEqual([NOT_BUILT, NOT_INSTALLED])
    for (const { reason } of session.unavailable) expect(reason).not.toBe('')
    const { embedding } = await session.run(new Uint8Array(12).fill(9), 1)
    expect(embedding?.data).toEqual(Float32Array.of(9, 9, 9))
  })

  test('does so in whichever place of the list it stands', async () => {
    const session = await load(['cpu', NOT_INSTALLED], { strict: false })
    expect(session.providers).toEqual(['cpu'])
    expect(session.unavailable).toMatchObject([{ provider: NOT_INSTALLED }])
  })

  test('is an error in any case if there is no other', async () => {
    const loading = load([NOT_BUILT, NOT_INSTALLED], { strict: false })
    await expect(loading).rejects.toThrow(ConfigurationError)
    await expect(loading).rejects.toThrow(NOT_INSTALLED)
    await expect(loading).rejects.toThrow(NOT_BUILT)
  })
})

test.each([true, false])('a broken graph is not blamed on a provider (strict: %s)', async (strict) => {
  const loading = load([NOT_INSTALLED, 'cpu'], { strict, graph: embeddingGraph.subarray(0, 40) })
  await expect(loading).rejects.toThrow(ModelPackageError)
  await expect(loading).rejects.toThrow(/model\.onnx: ONNX Runtime cannot load it/)
})
