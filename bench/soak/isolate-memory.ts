import { inspectIsolate } from '../../test/support/isolate-inspector.ts'

/**
 * MiB that the edge's isolate holds once its garbage is collected, WebAssembly included: what its process has taken says little, as V8
 * gives back late. Connects for this alone, since an inspector that listens costs time.
 */
export async function isolateMiB(inspectorUrl: string): Promise<number> {
  const inspector = await inspectIsolate(inspectorUrl, 'edgebatch')
  try {
    const { wasm } = await inspector.memory()
    return (wasm + (await inspector.heap())) / 2 ** 20
  } finally {
    inspector.close()
  }
}
