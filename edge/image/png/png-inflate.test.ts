import { constants, deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decodedBy, decodedBySharp, expectAsSharp, newPngDecoder } from '../../../test/support/decoded-png.ts'
import { DeflateWriter } from '../../../test/support/deflate-writer.ts'
import { planOf } from '../../../test/support/png-plans.ts'
import { writePng } from '../../../test/support/png-writer.ts'
import { readPngHeader } from './png-header.ts'

const decoder = newPngDecoder()

describe('compressed bytes', () => {
  const photo = { ...planOf(2, 8, 260, 120), filter: (row: number) => row % 5 }

  test('in blocks of every kind', async () => {
    const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED, Z_DEFAULT_STRATEGY } = constants
    for (const strategy of [Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED, Z_DEFAULT_STRATEGY]) {
      for (const level of [0, 1, 6, 9])
        await expectAsSharp(decoder, writePng({ ...photo, zlib: { level, strategy } }))
    }
  })

  test('with windows and code tables of every size', async () => {
    for (let windowBits = 9; windowBits <= 15; windowBits++) {
      for (const memLevel of [1, 5, 9])
        await expectAsSharp(decoder, writePng({ ...photo, zlib: { windowBits, memLevel } }))
    }
  })

  test('of flat pictures, and of matches at each small distance', async () => {
    for (let period = 1; period <= 20; period++) {
      const sample = (x: number, y: number) => ((x + y * 300) % period) * 11
      await expectAsSharp(decoder, writePng({ ...planOf(0, 8, 300, 20), sample }))
    }
  })

  test('with codes of up to 15 bits', async () => {
    // Frequencies that grow like Fibonacci's numbers make Huffman codes as long as they get.
    const values: number[] = []
    for (let value = 0, count = 1, next = 1; value < 21; value++, [count, next] = [next, count + next]) {
      for (let i = 0; i < count; i++) values.push(value * 11)
    }
    const sample = (x: number, y: number) => values[(x * 7919 + y * 104729) % values.length] ?? 0
    const zlib = { strategy: constants.Z_HUFFMAN_ONLY, memLevel: 9 }
    await expectAsSharp(decoder, writePng({ ...planOf(0, 8, 300, 100), sample, zlib }))
  })

  test('cut into chunks of any size, empty ones among them', async () => {
    for (const idatBytes of [1, 2, 3, 7, 100, 1023, 8192])
      await expectAsSharp(decoder, writePng({ ...photo, idatBytes }))
    const whole = writePng(photo)
    const at = readPngHeader(whole).pixels.start
    const empty = Buffer.from([0, 0, 0, 0, 0x49, 0x44, 0x41, 0x54, 0x35, 0xaf, 0x06, 0x1e])
    await expectAsSharp(decoder, Buffer.concat([whole.subarray(0, at), empty, empty, whole.subarray(at)]))
  })

  test('flushed after each row', async () => {
    const compress = (filtered: Buffer) => {
      const rowBytes = 260 * 3 + 1
      const body: Buffer[] = []
      for (let at = 0; at < filtered.length; at += rowBytes) {
        const finishFlush = at + rowBytes < filtered.length ? constants.Z_SYNC_FLUSH : constants.Z_FINISH
        const part = deflateSync(filtered.subarray(at, at + rowBytes), { finishFlush })
        body.push(at === 0 ? part : part.subarray(2))
      }
      return withChecksum(Buffer.concat(body), filtered)
    }
    await expectAsSharp(decoder, writePng({ ...photo, compress }))
  })

  test('in larger files, with blocks of changing kinds wherever a piece ends', async () => {
    for (let shift = 0; shift < 20; shift++) {
      const plan = { ...planOf(0, 8, 999, 100), sample: (x: number, y: number) => (x * x + y * shift) & 255 }
      await expectAsSharp(
        decoder,
        writePng({ ...plan, compress: (filtered) => inSmallBlocks(filtered, shift) }),
      )
    }
  })

  test('of what follows the last row, nothing is looked at', async () => {
    const compress = (filtered: Buffer) => deflateSync(Buffer.concat([filtered, Buffer.alloc(5000, 77)]))
    const png = writePng({ ...photo, compress })
    expect(decodedBy(decoder, png).equals(await decodedBySharp(writePng(photo)))).toBe(true)
  })
})

/** Fixed codes and stored bytes by turns, 9 bytes a block; the first block has `shift` bytes. */
function inSmallBlocks(data: Buffer, shift: number): Buffer {
  const stream = new DeflateWriter().block('stored', false).align().number(shift, 16).number(~shift, 16)
  for (const byte of data.subarray(0, shift)) stream.number(byte, 8)
  for (let at = shift, isStored = false; at < data.length; at += 9, isStored = !isStored) {
    const block = data.subarray(at, at + 9)
    stream.block(isStored ? 'stored' : 'fixed', at + 9 >= data.length)
    if (isStored) stream.align().number(block.length, 16).number(~block.length, 16)
    for (const byte of block) isStored ? stream.number(byte, 8) : stream.fixed(byte)
    if (!isStored) stream.fixed(256)
  }
  return withChecksum(stream.align().zlib(), data)
}

/** Each part of a stream made of parts ends in its own Adler-32; the last one becomes that of all. */
function withChecksum(stream: Buffer, data: Buffer): Buffer {
  let [a, b] = [1, 0]
  for (const byte of data) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(((b << 16) | a) >>> 0)
  return Buffer.concat([stream.subarray(0, -4), checksum])
}
