import { randomNumbers } from './random-numbers.ts'

/** A JPEG as it shall be written, of pseudo-random coefficients: for kinds of files that no encoder at hand writes. */
export interface JpegRecipe {
  readonly width: number
  readonly height: number
  /** Per component, its sampling factors [horizontal, vertical]. */
  readonly sampling: readonly (readonly [number, number])[]
  readonly seed: number
  /** In MCUs. */
  readonly restartInterval?: number
  /** A scan for each component, instead of one for all. */
  readonly separateScans?: boolean
  /** Writes Adobe's APP14 with this colour transform: 0 for RGB and CMYK, 1 for YCbCr, 2 for YCCK. */
  readonly adobeTransform?: 0 | 1 | 2
}

interface Component {
  readonly id: number
  readonly horizontal: number
  readonly vertical: number
  /** Of its own samples, in blocks; what is beyond is padding of interleaved MCUs. */
  readonly columns: number
  readonly rows: number
}

const QUANTISER = 8
const SIZES = Array.from({ length: 10 }, (_, i) => i + 1)
const RUNS = Array.from({ length: 16 }, (_, i) => i)
/** Coded in 2 to 10 bits, in this order; all other AC symbols take 16, so that slow paths are taken too. */
const COMMON_AC = [0x01, 0x00, 0x11, 0x02, 0x21, 0x03, 0x12, 0x31, 0xf0]
const RARE_AC = RUNS.flatMap((run) => SIZES.map((size) => run * 16 + size)).filter(
  (symbol) => !COMMON_AC.includes(symbol),
)
const AC_LENGTHS = [0, ...COMMON_AC.map(() => 1), 0, 0, 0, 0, 0, RARE_AC.length]
const AC_SYMBOLS = [...COMMON_AC, ...RARE_AC]
const DC_SYMBOLS = [0, ...SIZES, 11]
const DC_LENGTHS = [0, 0, 0, DC_SYMBOLS.length, ...Array<number>(12).fill(0)]
const DC_CODES = canonicalCodes(DC_LENGTHS, DC_SYMBOLS)
const AC_CODES = canonicalCodes(AC_LENGTHS, AC_SYMBOLS)

export function writeJpeg(recipe: JpegRecipe): Buffer {
  const { width, height, restartInterval = 0, separateScans = false, adobeTransform } = recipe
  const components = componentsOf(recipe)
  const random = randomNumbers(recipe.seed)
  const scans = separateScans ? components.map((component) => [component]) : [components]
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    adobeTransform === undefined
      ? Buffer.alloc(0)
      : segment(0xee, [...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, adobeTransform]),
    segment(0xdb, [0, ...Array<number>(64).fill(QUANTISER)]),
    segment(0xc0, [
      8,
      ...uint16(height),
      ...uint16(width),
      components.length,
      ...components.flatMap(({ id, horizontal, vertical }) => [id, horizontal * 16 + vertical, 0]),
    ]),
    segment(0xc4, [0x00, ...DC_LENGTHS, ...DC_SYMBOLS, 0x10, ...AC_LENGTHS, ...AC_SYMBOLS]),
    segment(0xdd, uint16(restartInterval)),
    ...scans.flatMap((scan) => [
      segment(0xda, [scan.length, ...scan.flatMap(({ id }) => [id, 0]), 0, 63, 0]),
      scanData(scan, mcusOf(scan, recipe), restartInterval, random),
    ]),
    Buffer.of(0xff, 0xd9),
  ])
}

function componentsOf({ width, height, sampling }: JpegRecipe): Component[] {
  const [widest, highest] = largestFactors(sampling)
  return sampling.map(([horizontal, vertical], index) => ({
    id: index + 1,
    horizontal,
    vertical,
    columns: Math.ceil((width * horizontal) / widest / 8),
    rows: Math.ceil((height * vertical) / highest / 8),
  }))
}

function mcusOf(scan: readonly Component[], { width, height, sampling }: JpegRecipe): number {
  const [single] = scan
  if (scan.length === 1 && single) return single.columns * single.rows
  const [widest, highest] = largestFactors(sampling)
  return Math.ceil(width / widest / 8) * Math.ceil(height / highest / 8)
}

function largestFactors(sampling: JpegRecipe['sampling']): [number, number] {
  return [Math.max(...sampling.map(([h]) => h)), Math.max(...sampling.map(([, v]) => v))]
}

function scanData(
  scan: readonly Component[],
  mcus: number,
  restartInterval: number,
  random: (below: number) => number,
): Buffer {
  const parts: Buffer[] = []
  let [bits, last] = [new EntropyBits(), scan.map(() => 0)]
  for (let mcu = 0; mcu < mcus; mcu++) {
    if (restartInterval > 0 && mcu > 0 && mcu % restartInterval === 0) {
      parts.push(bits.finish(), Buffer.of(0xff, 0xd0 + ((mcu / restartInterval - 1) % 8)))
      bits = new EntropyBits()
      last = scan.map(() => 0)
    }
    scan.forEach(({ horizontal, vertical }, index) => {
      const blocks = scan.length === 1 ? 1 : horizontal * vertical
      for (let block = 0; block < blocks; block++) {
        last[index] = writeBlock(bits, last[index] ?? 0, random)
      }
    })
  }
  return Buffer.concat([...parts, bits.finish()])
}

/** Returns the DC coefficient. Amplitudes fall off with the frequency; some blocks go on to the last one. */
function writeBlock(bits: EntropyBits, last: number, random: (below: number) => number): number {
  const dc = Math.max(-90, Math.min(90, last + random(61) - 30))
  bits.pushCoded(DC_CODES, 0, dc - last)
  const end = [0, 4, 12, 62, 63][random(5)] ?? 0
  let position = 0
  while (position < end) {
    const next = Math.min(end, position + 1 + random(random(8) === 0 ? 40 : 4))
    let run = next - position - 1
    for (; run > 15; run -= 16) bits.pushSymbol(AC_CODES, 0xf0)
    const largest = Math.max(1, Math.floor(40 / (next + 1)))
    const value = (1 + random(largest)) * (random(2) ? 1 : -1)
    bits.pushCoded(AC_CODES, run * 16, value)
    position = next
  }
  if (position < 63) bits.pushSymbol(AC_CODES, 0x00)
  return dc
}

type Codes = ReadonlyMap<number, { code: number; length: number }>

function canonicalCodes(lengths: readonly number[], symbols: readonly number[]): Codes {
  const codes = new Map<number, { code: number; length: number }>()
  let [code, index] = [0, 0]
  lengths.forEach((count, i) => {
    for (let n = 0; n < count; n++) codes.set(symbols[index++] ?? 0, { code: code++, length: i + 1 })
    code *= 2
  })
  return codes
}

/** The highest bit first; FF is followed by 0, and the last byte filled with ones. */
class EntropyBits {
  readonly #bytes: number[] = []
  #buffer = 0
  #held = 0

  /** A symbol whose low four bits are the value's size, and the value. */
  pushCoded(codes: Codes, run: number, value: number): void {
    const size = 32 - Math.clz32(Math.abs(value))
    this.pushSymbol(codes, run + size)
    this.#push(value < 0 ? value + 2 ** size - 1 : value, size)
  }

  pushSymbol(codes: Codes, symbol: number): void {
    const { code, length } = codes.get(symbol) ?? { code: 0, length: 0 }
    if (length === 0) throw new Error(`no code for symbol ${symbol}`)
    this.#push(code, length)
  }

  finish(): Buffer {
    if (this.#held > 0) this.#push(0xff, 8 - this.#held)
    return Buffer.from(this.#bytes)
  }

  #push(value: number, length: number): void {
    for (let bit = length - 1; bit >= 0; bit--) {
      this.#buffer = (this.#buffer << 1) | ((value >> bit) & 1)
      if (++this.#held < 8) continue
      this.#bytes.push(this.#buffer)
      if (this.#buffer === 0xff) this.#bytes.push(0)
      this.#buffer = 0
      this.#held = 0
    }
  }
}

function segment(code: number, content: readonly number[]): Buffer {
  return Buffer.from([0xff, code, ...uint16(content.length + 2), ...content])
}

function uint16(value: number): [number, number] {
  return [value >> 8, value & 255]
}
