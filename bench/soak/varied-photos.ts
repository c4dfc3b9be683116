import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'

const JPEGS = ['cat.jpg', 'rocket.jpg']
/** How many of the lowest frequencies' quantisers are varied, and how many values each takes. */
const VARIED_QUANTISERS = 6
const VALUES = 8
const MAX_QUANTISER = 255

interface Jpeg {
  bytes: Buffer
  /** Where its first quantisation table begins. */
  tableAt: number
}

/**
 * The example photos as JPEG, no two with the same pixels (half a million, then they come again): a quantiser that is one more
 * brightens or darkens every block, and costs no encoding.
 */
export class VariedPhotos {
  readonly #jpegs: readonly Jpeg[]
  #next: number

  private constructor(jpegs: readonly Jpeg[], first: number) {
    this.#jpegs = jpegs
    this.#next = first
  }

  /** `first`: the number of the first one. */
  static async read(first: number): Promise<VariedPhotos> {
    const files = JPEGS.map((name) => readFile(join(PROJECT_ROOT, 'examples', name)))
    return new VariedPhotos(
      (await Promise.all(files)).map((bytes) => ({ bytes, tableAt: findTable(bytes) })),
      first,
    )
  }

  next(): Buffer {
    const number = this.#next++
    const { bytes, tableAt } = this.#jpegs[number % this.#jpegs.length] as Jpeg
    const photo = Buffer.from(bytes)
    let digits = Math.floor(number / this.#jpegs.length)
    for (let i = 0; i < VARIED_QUANTISERS; i++) {
      const quantiser = bytes[tableAt + i] as number
      photo[tableAt + i] = Math.min(quantiser + (digits % VALUES), MAX_QUANTISER)
      digits = Math.floor(digits / VALUES)
    }
    return photo
  }
}

/** A JPEG is a row of segments: 0xFF, marker, length in two bytes. In a DQT one byte follows before the table. */
function findTable(bytes: Buffer): number {
  for (let at = 2; at + 4 < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at + 1] === 0xdb && bytes[at + 4] === 0) return at + 5
  }
  throw new Error('the JPEG has no quantisation table of 8 bits that comes first')
}
