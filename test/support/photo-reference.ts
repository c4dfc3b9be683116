import sharp, { type Sharp } from 'sharp'
import { cmykToRgbx } from '../../shared/cmyk-to-rgb.ts'
import type { Resize } from '../../shared/model-manifest.ts'
import { RESAMPLING_KERNELS } from '../../shared/resampling-kernel.ts'
import { planResize, type ResizePlan } from '../../shared/resize-plan.ts'
import { scaledByFormula } from './scaled-by-formula.ts'

/**
 * What a PhotoDecoder should make of a file: decoded, turned, on black, scaled to the planned sides, cut, between black
 * bars. libvips scales where it shrinks; where it would enlarge, and shift the picture by that, the formula does.
 */
export async function photoReference(file: Buffer, resize: Resize): Promise<Buffer> {
  const { autoOrient } = await sharp(file).metadata()
  const plan = planResize(resize, { ...autoOrient, orientation: 1 })
  const { columns, rows, crop, left, top } = plan
  const enlarges = columns.scaled > columns.source || rows.scaled > rows.source
  const data = await (enlarges ? byFormula(file, plan, resize) : byLibvips(file, plan, resize))
  return sharp(data, { raw: { width: columns.count, height: rows.count, channels: 3 } })
    .extend({
      left,
      top,
      right: crop - left - columns.count,
      bottom: crop - top - rows.count,
      background: 'black',
    })
    .raw()
    .toBuffer()
}

const SHARP_KERNELS = { triangle: 'linear', cubic: 'cubic', lanczos3: 'lanczos3' } as const

async function byLibvips(file: Buffer, { columns, rows }: ResizePlan, { kernel }: Resize): Promise<Buffer> {
  const scale = { width: columns.scaled, height: rows.scaled, kernel: SHARP_KERNELS[kernel] }
  return (await uprightOnBlack(file))
    .resize({ ...scale, fit: 'fill', fastShrinkOnLoad: false })
    .extract({ left: columns.offset, top: rows.offset, width: columns.count, height: rows.count })
    .toColourspace('srgb')
    .raw()
    .toBuffer()
}

async function byFormula(file: Buffer, { columns, rows }: ResizePlan, { kernel }: Resize): Promise<Buffer> {
  const data = await (await uprightOnBlack(file)).toColourspace('srgb').raw().toBuffer()
  const picture = { data, width: columns.source, height: rows.source }
  return scaledByFormula(picture, columns, rows, RESAMPLING_KERNELS[kernel])
}

async function uprightOnBlack(file: Buffer): Promise<Sharp> {
  const { space, autoOrient } = await sharp(file).metadata()
  const decoded = sharp(file, { failOn: 'none', ignoreIcc: true })
  // Cutting out all of it keeps libvips from decoding at reduced size.
  const image = decoded
    .autoOrient()
    .extract({ left: 0, top: 0, ...autoOrient })
    .flatten()
  return space === 'cmyk' ? withoutInks(image) : image
}

/** By the plain formula. libvips would take CMYK for that of a printing press. */
async function withoutInks(image: Sharp): Promise<Sharp> {
  const inks = image.pipelineColourspace('cmyk').toColourspace('cmyk').raw()
  const { data, info } = await inks.toBuffer({ resolveWithObject: true })
  cmykToRgbx(data, false)
  const rgb = data.filter((_, i) => i % 4 !== 3)
  return sharp(rgb, { raw: { width: info.width, height: info.height, channels: 3 } })
}

export interface Differences {
  /** Means. */
  absolute: number
  signed: number
  largest: number
}

/** Of two tensors, in steps of 255. Throws RangeError if they differ in length. */
export function differences(ours: Uint8Array, theirs: Uint8Array): Differences {
  if (ours.length !== theirs.length) throw new RangeError('the tensors differ in length')
  let [absolute, signed, largest] = [0, 0, 0]
  for (let i = 0; i < theirs.length; i++) {
    const step = (ours[i] as number) - (theirs[i] as number)
    absolute += Math.abs(step)
    signed += step
    largest = Math.max(largest, Math.abs(step))
  }
  return { absolute: absolute / theirs.length, signed: signed / theirs.length, largest }
}
