import { join } from 'node:path'
import { childProcess, cpuMs } from '../../local-stack/cpu-time.ts'
import { bundleEdge, type EdgeBundle } from '../../local-stack/edge-bundle.ts'
import { startService } from '../../local-stack/node-service.ts'
import type { PhotoRules } from '../../shared/photo-decoder.ts'

/** The edge's photo pipeline in a workerd of its own, as fresh as after a deploy. */
export interface EdgeIsolate {
  decode: (photo: Uint8Array, rules: PhotoRules, times: number) => Promise<Decoded>
  stop: () => Promise<void>
}

export interface Decoded {
  tensor: Uint8Array
  /** CPU of the whole workerd process, a photo; receiving the request is in it. */
  cpuMs: number
  /** WASM memory that each codec holds. */
  memoryBytes: Record<string, number>
}

export async function bundleDecodeWorker(folder: string, env: Record<string, string>): Promise<EdgeBundle> {
  return bundleEdge(join(folder, 'decode-worker'), env, { entry: 'bench/images/decode-worker.ts' })
}

export async function startEdgeIsolate(
  bundle: EdgeBundle,
  folder: string,
  env: Record<string, string>,
): Promise<EdgeIsolate> {
  const service = await startService({
    name: 'decode-worker',
    entry: 'local-stack/edge-main.ts',
    folder,
    env: { ...env, PORT: '0', EDGE_BUNDLE: bundle.folder, EDGE_BINDINGS: '{}' },
  })
  const pid = await childProcess(service.pid, 'workerd')
  return {
    stop: service.stop,
    decode: async (photo, rules, times) => {
      const url = new URL(String(service.ready.url))
      url.searchParams.set('rules', JSON.stringify(rules))
      url.searchParams.set('times', String(times))
      const before = await cpuMs(pid)
      const response = await fetch(url, { method: 'POST', body: new Uint8Array(photo) })
      const tensor = new Uint8Array(await response.arrayBuffer())
      if (!response.ok) throw new Error(`workerd: ${response.status} ${Buffer.from(tensor).toString()}`)
      const memoryBytes = JSON.parse(response.headers.get('x-memory-bytes') ?? '{}') as Record<string, number>
      return { tensor, cpuMs: ((await cpuMs(pid)) - before) / times, memoryBytes }
    },
  }
}
