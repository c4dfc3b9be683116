/*
 * Chroma at half the width, or half the width and height, to full size, in place of jdsample.c's loops and with their
 * results to the bit: a sample counts 3/4 at the nearer places and 1/4 at the farther ones, in each direction; the odd
 * halves are rounded up and down in turn; at the picture's edge the missing neighbour is the sample itself.
 *
 * Works in steps of 16 samples: libjpeg pads its rows to multiples of 64.
 */
#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"
#include "jsimd.h"

#include <wasm_simd128.h>

typedef struct {
  v128_t low, high;
} Sums;

/* 16 columns from `x` on, in 16-bit lanes: three times the nearer row and once the farther; or one row alone. */
static inline Sums column_sums(const uint8_t *near, const uint8_t *far, unsigned x)
{
  v128_t row = wasm_v128_load(near + x);
  Sums sums = { wasm_u16x8_extend_low_u8x16(row), wasm_u16x8_extend_high_u8x16(row) };
  if (far != NULL) {
    v128_t three = wasm_i16x8_const_splat(3), other = wasm_v128_load(far + x);
    sums.low = wasm_i16x8_add(wasm_i16x8_mul(sums.low, three), wasm_u16x8_extend_low_u8x16(other));
    sums.high = wasm_i16x8_add(wasm_i16x8_mul(sums.high, three), wasm_u16x8_extend_high_u8x16(other));
  }
  return sums;
}

static inline v128_t one_back(v128_t before, v128_t here)
{
  return wasm_i16x8_shuffle(before, here, 7, 8, 9, 10, 11, 12, 13, 14);
}

static inline v128_t one_on(v128_t here, v128_t after) { return wasm_i16x8_shuffle(here, after, 1, 2, 3, 4, 5, 6, 7, 8); }

static inline v128_t rounded(v128_t three, v128_t neighbour, v128_t bias, int shift)
{
  return wasm_u16x8_shr(wasm_i16x8_add(wasm_i16x8_add(three, neighbour), bias), shift);
}

/* One row of `columns` samples to twice as many. */
static inline __attribute__((always_inline)) void
double_width(const uint8_t *near, const uint8_t *far, unsigned columns, uint8_t *out, int even_bias, int odd_bias,
             int shift)
{
  v128_t even_biases = wasm_i16x8_splat(even_bias), odd_biases = wasm_i16x8_splat(odd_bias);
  v128_t weight = wasm_i16x8_const_splat(3);
  Sums here = column_sums(near, far, 0);
  v128_t before = wasm_i16x8_splat(wasm_i16x8_extract_lane(here.low, 0));
  unsigned last = columns - 1;
  for (unsigned x = 0; x < columns; x += 16) {
    Sums after = x + 16 < columns ? column_sums(near, far, x + 16) : here;
    v128_t low = wasm_i16x8_mul(here.low, weight), high = wasm_i16x8_mul(here.high, weight);
    v128_t even = wasm_u8x16_narrow_i16x8(rounded(low, one_back(before, here.low), even_biases, shift),
                                          rounded(high, one_back(here.low, here.high), even_biases, shift));
    v128_t odd = wasm_u8x16_narrow_i16x8(rounded(low, one_on(here.low, here.high), odd_biases, shift),
                                         rounded(high, one_on(here.high, after.low), odd_biases, shift));
    wasm_v128_store(out + 2 * x, wasm_i8x16_shuffle(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    wasm_v128_store(out + 2 * x + 16,
                    wasm_i8x16_shuffle(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
    before = here.high;
    here = after;
  }
  out[2 * last + 1] = ((far == NULL ? near[last] : 3 * near[last] + far[last]) * 4 + odd_bias) >> shift;
}

EXTERN(int) jsimd_can_h2v1_fancy_upsample(void) { return TRUE; }

EXTERN(void)
jsimd_h2v1_fancy_upsample(j_decompress_ptr cinfo, jpeg_component_info *component, JSAMPARRAY input,
                          JSAMPARRAY *output_pointer)
{
  JSAMPARRAY output = *output_pointer;
  for (int row = 0; row < cinfo->max_v_samp_factor; row++)
    double_width(input[row], NULL, component->downsampled_width, output[row], 1, 2, 2);
}

EXTERN(int) jsimd_can_h2v2_fancy_upsample(void) { return TRUE; }

/* The rows above and below the group are there: jdsample.c has asked for them. */
EXTERN(void)
jsimd_h2v2_fancy_upsample(j_decompress_ptr cinfo, jpeg_component_info *component, JSAMPARRAY input,
                          JSAMPARRAY *output_pointer)
{
  JSAMPARRAY output = *output_pointer;
  for (int row = 0; row < cinfo->max_v_samp_factor; row++) {
    JSAMPARRAY near = input + row / 2;
    double_width(near[0], row % 2 == 0 ? near[-1] : near[1], component->downsampled_width, output[row], 8, 7, 4);
  }
}

/* Without interpolation, jdsample.c's own loops serve: only pictures at most 2 chroma samples wide come to them. */
EXTERN(int) jsimd_can_h2v1_upsample(void) { return FALSE; }
EXTERN(int) jsimd_can_h2v2_upsample(void) { return FALSE; }

EXTERN(void)
jsimd_h2v1_upsample(j_decompress_ptr cinfo, jpeg_component_info *component, JSAMPARRAY input, JSAMPARRAY *output)
{
}

EXTERN(void)
jsimd_h2v2_upsample(j_decompress_ptr cinfo, jpeg_component_info *component, JSAMPARRAY input, JSAMPARRAY *output)
{
}
