import type { ModelManifest } from './model-manifest.ts'

/** What of a model's manifest decides how a photo becomes its input. */
export type PhotoRules = Pick<ModelManifest, 'resize' | 'decode'>

/**
 * An uploaded photo to the model's input: `crop` x `crop` x 3 bytes, RGB, row by row (NHWC without N), upright by EXIF,
 * transparency on black, the first frame where there are several. Colour profiles are ignored, as training pipelines do.
 *
 * Throws ProblemError: 'empty-image', 'unsupported-image' (a type it does not decode), 'image-too-large' (told by the
 * header, before decoding), 'undecodable-image' (truncated, damaged or contradictory).
 */
export type PhotoDecoder = (bytes: Uint8Array, rules: PhotoRules) => Promise<Uint8Array>
