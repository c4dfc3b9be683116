import type { ModelManifest } from '../../shared/model-manifest.ts'

/**
 * Why jobs that were made for `old` cannot be run by `fresh`, another copy of the same version; undefined if they can. Such jobs wait
 * in the queue that both share, and edges make more of them until they have heard of the new copy.
 */
export function misfitBetween(old: ModelManifest, fresh: ModelManifest): string | undefined {
  if (old.input.shape.join() !== fresh.input.shape.join())
    return `takes ${fresh.input.shape.join(' x ')} in place of ${old.input.shape.join(' x ')}`
  const lost = old.decode.formats.filter((type) => !fresh.decode.formats.includes(type))
  if (lost.length > 0) return `decodes no ${lost.join(', ')} any more`
  return undefined
}
