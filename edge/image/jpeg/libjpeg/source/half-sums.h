#ifndef HALF_SUMS_H
#define HALF_SUMS_H

#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"
#include "positions.h"

#include <stdint.h>

/*
 * A block at 2 x 2 samples without its coefficients being stored. Each sample is the mean of a quarter of the block:
 *   DC +- H +- V +- HV
 * H being a weighted sum of the coefficients with even row 0 and odd column, V those with odd row and column 0, HV those
 * with both odd; all others cancel out (idct.c). The three sums are kept in one 64-bit number, 21 bits each, H the lowest.
 */
typedef struct {
  int64_t at[MAX_POSITION + 1]; /* in zigzag order */
} HalfWeights;

const HalfWeights *half_weights_of(const UINT16 *quantisers);

/* `sums` of value times weight; `dc` is not dequantised. */
void half_sums_store(int64_t sums, int dc, int dc_quantiser, JSAMPARRAY rows, JDIMENSION column);

#endif
