import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundleEdge, type EdgeBundle } from '../../local-stack/edge-bundle.ts'
import { processEnv } from './process-env.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The edge as it would be deployed; for tests that run it in workerd. */
    edgeBundle?: EdgeBundle
  }
}

/** Once a run: the edge's bundle. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-bundle-'))
  project.provide('edgeBundle', await bundleEdge(folder, processEnv()))
  return () => rm(folder, { recursive: true, force: true })
}
