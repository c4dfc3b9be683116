import type { EdgeBundle } from './edge-bundle.ts'
import type { ServiceSpec } from './node-service.ts'

export interface EdgeSettings {
  /** For workerd; undefined: on Node. */
  bundle: EdgeBundle | undefined
  /** Of 127.0.0.1; 0 takes any that is free. */
  port: number
  env: Record<string, string>
  /** The edge's own settings, which go before `env`. */
  bindings: Record<string, string>
}

/** The edge as a process of its own, in workerd as it would be deployed, or on Node. */
export function edgeProcess({ bundle, port, env, bindings }: EdgeSettings): Omit<ServiceSpec, 'folder'> {
  const PORT = String(port)
  if (bundle === undefined)
    return { name: 'edge', entry: 'edge/node.ts', env: { ...env, ...bindings, HOST: '127.0.0.1', PORT } }
  return {
    name: 'edge',
    entry: 'local-stack/edge-main.ts',
    env: { ...env, PORT, EDGE_BUNDLE: bundle.folder, EDGE_BINDINGS: JSON.stringify(bindings) },
  }
}
