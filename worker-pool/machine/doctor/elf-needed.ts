import { type FileHandle, open } from 'node:fs/promises'

/** The file is no ELF file that this machine's kind could load. */
export class ElfError extends Error {
  override readonly name = 'ElfError'
}

const MAGIC = 0x7f454c46
const HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
const PT_LOAD = 1
const PT_DYNAMIC = 2
const DT_NULL = 0n
const DT_NEEDED = 1n
const DT_STRTAB = 5n
const DT_STRSZ = 10n
/** Real libraries have some hundred entries and some megabytes of names; more is a damaged file. */
const MOST_BYTES = 64 * 1024 * 1024

interface Segment {
  type: number
  /** Where it is in the file, and where in memory; bytes. */
  offset: number
  address: number
  length: number
}

/**
 * The libraries that a shared library names as needed (DT_NEEDED), in its order: what `readelf -d` lists. Reads only the tables:
 * the libraries of a GPU have hundreds of megabytes. 64 bits, little endian. Throws ElfError.
 */
export async function neededLibraries(file: string): Promise<string[]> {
  const handle = await open(file)
  try {
    const segments = await readSegments(handle)
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC)
    if (!dynamic) return []
    const entries = parseDynamic(await readExactly(handle, dynamic.offset, dynamic.length))
    const names = entries.flatMap(([tag, value]) => (tag === DT_NEEDED ? [Number(value)] : []))
    const table = await readStrings(handle, segments, entries)
    return names.map((start) => {
      const end = table.indexOf(0, start)
      if (end === -1) throw new ElfError('a name lies outside its table')
      return table.toString('latin1', start, end)
    })
  } finally {
    await handle.close()
  }
}

async function readSegments(handle: FileHandle): Promise<Segment[]> {
  const header = await readExactly(handle, 0, HEADER_BYTES)
  // Class 2: 64 bits. Data 1: little endian.
  if (header.readUInt32BE(0) !== MAGIC || header[4] !== 2 || header[5] !== 1) {
    throw new ElfError('not an ELF file of 64 bits, little endian')
  }
  const start = Number(header.readBigUInt64LE(32))
  const size = header.readUInt16LE(54)
  const count = header.readUInt16LE(56)
  if (count > 0 && size < PROGRAM_HEADER_BYTES) throw new ElfError('its program headers are too short')
  const table = await readExactly(handle, start, size * count)
  return Array.from({ length: count }, (_, i) => {
    const at = i * size
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      length: Number(table.readBigUInt64LE(at + 32)),
    }
  })
}

function parseDynamic(bytes: Buffer): [tag: bigint, value: bigint][] {
  const entries: [bigint, bigint][] = []
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const tag = bytes.readBigUInt64LE(at)
    if (tag === DT_NULL) break
    entries.push([tag, bytes.readBigUInt64LE(at + 8)])
  }
  return entries
}

/** The names' table is given by its address in memory: the segment that is loaded there says where in the file. */
async function readStrings(
  handle: FileHandle,
  segments: readonly Segment[],
  entries: readonly [bigint, bigint][],
): Promise<Buffer> {
  const firstOf = (wanted: bigint) => Number(entries.find(([tag]) => tag === wanted)?.[1] ?? 0n)
  const address = firstOf(DT_STRTAB)
  const segment = segments.find(
    ({ type, address: start, length }) => type === PT_LOAD && start <= address && address < start + length,
  )
  if (!segment) throw new ElfError('its table of names is in no segment')
  return readExactly(handle, address - segment.address + segment.offset, firstOf(DT_STRSZ))
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (length > MOST_BYTES || !Number.isSafeInteger(position)) throw new ElfError('its tables are damaged')
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position)
  if (bytesRead < length) throw new ElfError('it ends too early')
  return buffer
}
