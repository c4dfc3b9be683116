import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect } from 'vitest'
import { PngDecoder } from '../../edge/image/png/png-decoder.ts'
import { readPngHeader } from '../../edge/image/png/png-header.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'

const module = new WebAssembly.Module(readFileSync(join(PROJECT_ROOT, 'edge/image/png/png-decoder.wasm')))

export function newPngDecoder(): PngDecoder {
  return new PngDecoder(module)
}

/** RGBA of the whole picture. */
export function decodedBy(decoder: PngDecoder, png: Uint8Array): Buffer {
  const strips: Buffer[] = []
  decoder.decode(png, readPngHeader(png), (rows) => strips.push(Buffer.from(rows)))
  return Buffer.concat(strips)
}

/** What sharp (libpng) makes of it: RGBA, 8 bits a channel. */
export function decodedBySharp(png: Buffer): Promise<Buffer> {
  return sharp(png).toColourspace('srgb').ensureAlpha().raw().toBuffer()
}

/** Every byte of it, which is said only where they differ: comparing long arrays takes long. */
export async function expectAsSharp(decoder: PngDecoder, png: Buffer): Promise<void> {
  const [expected, actual] = [await decodedBySharp(png), decodedBy(decoder, png)]
  expect(actual.length).toBe(expected.length)
  if (!actual.equals(expected)) expect([...actual]).toEqual([...expected])
}
