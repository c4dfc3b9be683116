#ifndef BIT_READER_H
#define BIT_READER_H

#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"

#include <stdint.h>
#include <wasm_simd128.h>

/*
 * Entropy-coded data, bit by bit. `window` holds the next `bits` bits in its upper end; what follows them there is either
 * zero or the data's further bits. Loops keep a copy in locals, which stay in registers as long as only inlined functions
 * see them.
 */
typedef struct {
  uint64_t window;
  int bits;
  const uint8_t *next;
} Bits;

/*
 * From a marker on, zeros are handed out, and `padding` counts them: data that is not in the file has been used as soon as
 * now.bits < padding.
 */
typedef struct {
  Bits now;
  const uint8_t *end;      /* of the bytes that the source has delivered */
  const uint8_t *data_end; /* the same, or now.next once a marker has been met */
  int padding;
  j_decompress_ptr cinfo;
} BitReader;

/* One symbol with the bits of its value takes at most 16 + 15. */
#define SYMBOL_BITS 31

void bit_reader_start(BitReader *reader, j_decompress_ptr cinfo);
/* Tells libjpeg's source how far the reader is. */
void bit_reader_save(const BitReader *reader);

/* Goes on after the restart marker that is due. Data that is missing stays missing if the marker is not there. */
void bit_reader_restart(BitReader *reader);
/* Tells libjpeg, which may warn of it, if bits have been used that are not in the file; no more are to be read then. */
void bit_reader_check(BitReader *reader);

/* More than 56 bits in reader->now. */
void bit_reader_fill_bytewise(BitReader *reader);

/* At least `least` bits in `now`, a copy of reader->now; `least` is at most 56. */
static inline __attribute__((always_inline)) void fill(BitReader *reader, Bits *now, int least)
{
  if (__builtin_expect(now->bits >= least, 1)) return;
  if (__builtin_expect(reader->data_end - now->next >= 8, 1)) {
    v128_t bytes = wasm_v128_load64_zero(now->next);
    if (__builtin_expect(!wasm_v128_any_true(wasm_i8x16_eq(bytes, wasm_i8x16_const_splat(-1))), 1)) {
      v128_t swapped = wasm_i8x16_shuffle(bytes, bytes, 7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0);
      int taken = (63 - now->bits) >> 3;
      now->window |= (uint64_t)wasm_i64x2_extract_lane(swapped, 0) >> now->bits;
      now->next += taken;
      now->bits += 8 * taken;
      return;
    }
  }
  reader->now = *now;
  bit_reader_fill_bytewise(reader);
  *now = reader->now;
}

static inline void consume(Bits *now, int bits)
{
  now->window <<= bits;
  now->bits -= bits;
}

#endif
