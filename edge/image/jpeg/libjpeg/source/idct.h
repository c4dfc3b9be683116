#ifndef IDCT_H
#define IDCT_H

#include <stdint.h>

/*
 * An inverse DCT of 8 x 8 quantised coefficients (16-byte aligned, row by row) to 1, 2, 4 or 8 samples a side. The reduced
 * sizes are what averaging the full block's samples gives. `multipliers` are made by idct_multipliers. Samples go to
 * rows[0..size)[column..column + size).
 */
typedef void (*Idct)(const int16_t *coefficients, const int16_t *multipliers, uint8_t *const *rows, unsigned column);

/* NULL for other sizes. */
Idct idct_of_size(int size);

/* 64 multipliers, 16-byte aligned, from quantisers of the same order. */
void idct_multipliers(int16_t *multipliers, const uint16_t *quantisers);

/* A block without AC coefficients. */
void idct_flat(int dc, int quantiser, int size, uint8_t *const *rows, unsigned column);

#endif
