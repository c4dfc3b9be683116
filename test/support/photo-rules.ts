import type { Resize } from '../../shared/model-manifest.ts'
import type { PhotoRules } from '../../shared/photo-decoder.ts'

/** A model's rules for photos: decoded at the edge, incomplete ones refused. */
export function photoRules(resize: Resize, decode: Partial<PhotoRules['decode']> = {}): PhotoRules {
  return { resize, decode: { at: 'edge', formats: [], truncated: 'refuse', ...decode } }
}
