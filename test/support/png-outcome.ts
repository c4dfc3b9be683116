import { expect } from 'vitest'
import type { PngDecoder } from '../../edge/image/png/png-decoder.ts'
import { ProblemError } from '../../shared/errors.ts'
import { decodedBy } from './decoded-png.ts'

/** 'decoded', or the detail of a ProblemError 'undecodable-image'; everything else fails the test. */
export function outcome(decoder: PngDecoder, png: Uint8Array): string {
  try {
    decodedBy(decoder, png)
    return 'decoded'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    expect(error.code).toBe('undecodable-image')
    return error.detail ?? ''
  }
}
