/** Writes DEFLATE bit by bit, so that a test can say what no compressor would. */
export class DeflateWriter {
  readonly #bits: number[] = []

  /** A number, lowest bit first. */
  number(value: number, bits: number): this {
    for (let i = 0; i < bits; i++) this.#bits.push((value >> i) & 1)
    return this
  }

  /** A Huffman code, highest bit first. */
  code(value: number, bits: number): this {
    for (let i = bits - 1; i >= 0; i--) this.#bits.push((value >> i) & 1)
    return this
  }

  /** A literal or length of the fixed code (RFC 1951, 3.2.6). */
  fixed(symbol: number): this {
    if (symbol < 144) return this.code(0x30 + symbol, 8)
    if (symbol < 256) return this.code(0x190 + symbol - 144, 9)
    return symbol < 280 ? this.code(symbol - 256, 7) : this.code(0xc0 + symbol - 280, 8)
  }

  block(kind: 'stored' | 'fixed' | 'dynamic' | 'reserved', isLast = true): this {
    return this.number(isLast ? 1 : 0, 1).number(['stored', 'fixed', 'dynamic', 'reserved'].indexOf(kind), 2)
  }

  /** The start of a dynamic block: how many codes there are, and `precode` lengths by symbol (0 to 18). */
  dynamic(literals: number, distances: number, precode: Record<number, number>, isLast = true): this {
    this.block('dynamic', isLast)
      .number(literals - 257, 5)
      .number(distances - 1, 5)
      .number(15, 4)
    for (const symbol of [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]) {
      this.number(precode[symbol] ?? 0, 3)
    }
    return this
  }

  align(): this {
    while (this.#bits.length % 8 !== 0) this.#bits.push(0)
    return this
  }

  bytes(): Buffer {
    const packed = Buffer.alloc(Math.ceil(this.#bits.length / 8))
    for (const [i, bit] of this.#bits.entries()) packed[i >> 3] = (packed[i >> 3] ?? 0) | (bit << (i & 7))
    return packed
  }

  /** As a zlib stream with a header for 32 KiB and a checksum of zeros. */
  zlib(): Buffer {
    return Buffer.concat([Buffer.from([0x78, 0x01]), this.bytes(), Buffer.alloc(4)])
  }
}
