import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PhotoRules } from '../../shared/photo-decoder.ts'
import { differences, photoReference } from '../../test/support/photo-reference.ts'
import type { Row } from '../report.ts'
import type { BenchFile } from './bench-files.ts'
import type { EdgeIsolate } from './edge-isolate.ts'

const KERNELS = ['triangle', 'cubic', 'lanczos3'] as const

/**
 * Mean absolute, mean signed and largest difference to sharp at full quality (to the formula, where libvips would enlarge), in
 * steps of 255, per file and kernel.
 */
export async function measureAccuracy(
  files: readonly BenchFile[],
  isolate: EdgeIsolate,
  signal: AbortSignal,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const { name, bytes } of files) {
    for (const kernel of KERNELS) {
      signal.throwIfAborted()
      const rules: PhotoRules = {
        resize: { mode: 'cover', size: 224, crop: 224, kernel },
        decode: { at: 'edge', formats: [], truncated: 'refuse' },
      }
      const { tensor } = await isolate.decode(bytes, rules, 1)
      const { absolute, signed, largest } = differences(
        tensor,
        await photoReference(Buffer.from(bytes), rules.resize),
      )
      const metrics = { mean: absolute, shift: signed, largest }
      for (const [metric, value] of Object.entries(metrics)) {
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
