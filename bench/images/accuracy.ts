import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { PhotoRules } from '../../shared/photo-decoder.ts'
import { planResize } from '../../shared/resize-plan.ts'
import type { Row } from '../report.ts'
import type { BenchFile } from './bench-files.ts'
import type { EdgeIsolate } from './edge-isolate.ts'

const KERNELS = { triangle: 'linear', cubic: 'cubic', lanczos3: 'lanczos3' } as const

/** Mean absolute, mean signed and largest difference to sharp at full quality, in steps of 255, per file and kernel. */
export async function measureAccuracy(
  files: readonly BenchFile[],
  isolate: EdgeIsolate,
  signal: AbortSignal,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const { name, bytes } of files) {
    for (const kernel of Object.keys(KERNELS) as (keyof typeof KERNELS)[]) {
      signal.throwIfAborted()
      const rules: PhotoRules = {
        resize: { mode: 'cover', size: 224, crop: 224, kernel },
        decode: { at: 'edge', formats: [], truncated: 'refuse' },
      }
      const { tensor } = await isolate.decode(bytes, rules, 1)
      const differences = compare(tensor, await atFullQuality(bytes, rules))
      for (const [metric, value] of Object.entries(differences)) {
        const unit = 'of 255'
        rows.push({ case: name, metric: `${kernel}: ${metric}`, value, unit, reference: null, ratio: null })
      }
    }
  }
  return rows
}

/** All photos in a folder that the edge takes. */
export async function photosIn(folder: string): Promise<BenchFile[]> {
  const names = (await readdir(folder)).filter((name) => /\.(jpe?g|png|webp|gif)$/i.test(name)).sort()
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })))
}

function compare(ours: Uint8Array, theirs: Uint8Array): Record<'mean' | 'shift' | 'largest', number> {
  if (ours.length !== theirs.length) throw new RangeError('the pictures differ in size')
  let [absolute, signed, largest] = [0, 0, 0]
  for (let i = 0; i < ours.length; i++) {
    const difference = (ours[i] as number) - (theirs[i] as number)
    absolute += Math.abs(difference)
    signed += difference
    largest = Math.max(largest, Math.abs(difference))
  }
  return { mean: absolute / ours.length, shift: signed / ours.length, largest }
}

/** Decoded in full by libvips, upright, on black, scaled to the planned sides, then cut. */
async function atFullQuality(bytes: Uint8Array, { resize }: PhotoRules): Promise<Uint8Array> {
  const { autoOrient } = await sharp(bytes).metadata()
  const { columns, rows } = planResize(resize, { ...autoOrient, orientation: 1 })
  const kernel = KERNELS[resize.kernel]
  return (
    sharp(bytes, { ignoreIcc: true })
      .autoOrient()
      // Cutting out all of it keeps libvips from decoding at reduced size.
      .extract({ left: 0, top: 0, width: autoOrient.width, height: autoOrient.height })
      .flatten()
      .resize({ width: columns.scaled, height: rows.scaled, fit: 'fill', kernel, fastShrinkOnLoad: false })
      .extract({ left: columns.offset, top: rows.offset, width: columns.count, height: rows.count })
      .toColourspace('srgb')
      .raw()
      .toBuffer()
  )
}
