/**
 * Where things lie in the module's memory. There is no allocator: the tables and the input have fixed places, and what
 * depends on the picture's width follows from WINDOW on, laid out anew for each picture (rows.ts).
 */

/** Decode tables, of u32 entries (code-table.ts). Sizes leave room for every subtable a valid code can need. */
export const LITERAL_TABLE: usize = 0x1000
export const DISTANCE_TABLE: usize = 0x9000
export const PRECODE_TABLE: usize = 0xb000

/** What each symbol means, without its code's length: u32 each. */
export const LITERAL_MEANINGS: usize = 0xb400
export const DISTANCE_MEANINGS: usize = 0xb900
export const PRECODE_MEANINGS: usize = 0xba00

/** Scratch of code-table.ts: symbols sorted by code length (u16), and one u32 per length for counts and offsets. */
export const SORTED_SYMBOLS: usize = 0xbb00
export const LENGTH_COUNTS: usize = 0xbe00
export const LENGTH_OFFSETS: usize = 0xbe80

/** Code lengths of a block (u8): 288 literals and lengths, 32 distances, and room for a run that leads past them. */
export const CODE_LENGTHS: usize = 0xbf00

/** 16 patterns of 16 bytes: how a match at distance n repeats; then the bytes by which each may advance. */
export const REPEAT_PATTERNS: usize = 0xc200
export const REPEAT_STEPS: usize = 0xc300

/** 256 RGBA pixels: what a sample of at most 8 bits looks like, for palettes and for grey. Written by the caller. */
export const PALETTE: usize = 0xc400

/**
 * Compressed bytes: a rest of the last piece, a piece, and zeros behind the last one. Reads may lead past the end by less
 * than INPUT_MARGIN, which is more than a block's header takes.
 */
export const INPUT: usize = 0x10000
export const INPUT_MARGIN: usize = 1024
export const PIECE_BYTES: usize = 0x10000
export const INPUT_BYTES: usize = 0x10000 + 2 * 1024

/** Inflated bytes: what matches can refer back to, and rows that are not whole yet. */
export const WINDOW: usize = 0x21000
/** As far back as a match may reach (RFC 1951, 3.2.5). */
export const HISTORY_BYTES: usize = 32768
/** More than one turn of the decoding loop can write past its limit. */
export const WINDOW_MARGIN: usize = 1024

/** Rows are read and written 16 bytes wide, so that each region ends in this many bytes that mean nothing. */
export const ROW_MARGIN: usize = 64
