/*
 * Inverse DCT in 16-bit SIMD.
 *
 * With F the dequantised coefficients and C(0) = sqrt(1/2), C(u > 0) = 1, ITU-T T.81 (A.3.3) defines
 *   f(x, y) = 1/4 * sum over u, v of C(u) C(v) F(v, u) cos((2x + 1) u pi / 16) cos((2y + 1) v pi / 16)
 * which is one pass over columns and one over rows. Each pass here leaves its factor 1/2 out; the last shift divides by 4.
 *
 * Averaging neighbours turns cos((2x + 1) u pi / 16) into
 *   pairs:  cos((2n + 1) u pi / 8) cos(u pi / 16), where u and 8 - u fall together but for their sign, and u = 4 vanishes;
 *   fours:  +-1/8 sin(u pi / 2) / sin(u pi / 16), where even u > 0 vanish.
 *
 * Coefficients carry FRACTION bits: those of a photo stay below 1500 and may grow by a factor 1.4 within a pass, so that
 * 16 bits hold them. Only forged ones overflow; their samples are arbitrary.
 */
#include "idct.h"

#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"
#include "jerror.h"
#include "jdct.h"

#include <wasm_simd128.h>

#define FRACTION 4
/* FRACTION, and the 1/4 that the passes left out. */
#define DESCALE_BITS (FRACTION + 2)

/* A factor below 1 in Q15. */
#define Q15(x) ((int16_t)((x) * 32768 + ((x) < 0 ? -0.5 : 0.5)))
/* cos(k pi / 16) */
#define COS1 0.98078528040323
#define COS2 0.92387953251129
#define COS3 0.83146961230255
#define COS4 0.70710678118655
#define COS5 0.55557023301960
#define COS6 0.38268343236509
#define COS7 0.19509032201613

#define ADD wasm_i16x8_add_sat
#define SUB wasm_i16x8_sub_sat
#define TIMES(v, x) wasm_i16x8_q15mulr_sat(v, wasm_i16x8_const_splat(Q15(x)))

static inline v128_t load_row(const int16_t *coefficients, const int16_t *multipliers, int row)
{
  return wasm_i16x8_mul(wasm_v128_load(coefficients + 8 * row), wasm_v128_load(multipliers + 8 * row));
}

static inline v128_t level_shifted(v128_t sums)
{
  v128_t offset = wasm_i16x8_const_splat((128 << DESCALE_BITS) + (1 << (DESCALE_BITS - 1)));
  return wasm_i16x8_shr(ADD(sums, offset), DESCALE_BITS);
}

static inline uint8_t clamped(int sample) { return sample < 0 ? 0 : sample > 255 ? 255 : sample; }

static inline v128_t zip_low16(v128_t a, v128_t b) { return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
static inline v128_t zip_high16(v128_t a, v128_t b) { return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
static inline v128_t zip_low32(v128_t a, v128_t b) { return wasm_i32x4_shuffle(a, b, 0, 4, 1, 5); }
static inline v128_t zip_high32(v128_t a, v128_t b) { return wasm_i32x4_shuffle(a, b, 2, 6, 3, 7); }
static inline v128_t zip_low64(v128_t a, v128_t b) { return wasm_i64x2_shuffle(a, b, 0, 2); }
static inline v128_t zip_high64(v128_t a, v128_t b) { return wasm_i64x2_shuffle(a, b, 1, 3); }

void idct_flat(int dc, int quantiser, int size, uint8_t *const *rows, unsigned column)
{
  uint8_t sample = clamped(((int)((unsigned)dc * (unsigned)quantiser + 4) >> 3) + 128);
  uint64_t eight = sample * UINT64_C(0x0101010101010101);
  for (int y = 0; y < size; y++) {
    uint8_t *out = rows[y] + column;
    if (size == 8)
      __builtin_memcpy(out, &eight, 8);
    else if (size == 4)
      __builtin_memcpy(out, &eight, 4);
    else
      for (int x = 0; x < size; x++) out[x] = sample;
  }
}

static void idct1(const int16_t *coefficients, const int16_t *multipliers, uint8_t *const *rows, unsigned column)
{
  idct_flat(coefficients[0], (uint16_t)multipliers[0] >> FRACTION, 1, rows, column);
}

static void idct2(const int16_t *coefficients, const int16_t *multipliers, uint8_t *const *rows, unsigned column)
{
  /* 1/8 sin(u pi / 2) / sin(u pi / 16) */
  const double at1 = 0.64072886193538, at3 = -0.22499405536839, at5 = 0.15033590182117, at7 = -0.12744889477604;
  v128_t row0 = load_row(coefficients, multipliers, 0);
  v128_t row1 = load_row(coefficients, multipliers, 1), row3 = load_row(coefficients, multipliers, 3);
  v128_t row5 = load_row(coefficients, multipliers, 5), row7 = load_row(coefficients, multipliers, 7);
  v128_t odd = ADD(ADD(TIMES(row1, at1), TIMES(row3, at3)), ADD(TIMES(row5, at5), TIMES(row7, at7)));
  v128_t even = TIMES(row0, COS4);
  v128_t across = wasm_i16x8_const(0, Q15(at1), 0, Q15(at3), 0, Q15(at5), 0, Q15(at7));
  for (int y = 0; y < 2; y++) {
    v128_t sums = y == 0 ? ADD(even, odd) : SUB(even, odd);
    v128_t dots = wasm_i32x4_dot_i16x8(sums, across);
    int centre = (int16_t)wasm_i16x8_extract_lane(sums, 0) * (int)Q15(COS4);
    int slope;
    dots = wasm_i32x4_add(dots, wasm_i64x2_shuffle(dots, dots, 1, 0));
    slope = wasm_i32x4_extract_lane(dots, 0) + wasm_i32x4_extract_lane(dots, 1);
    centre += (128 << (DESCALE_BITS + 15)) + (1 << (DESCALE_BITS + 14));
    rows[y][column] = clamped((centre + slope) >> (DESCALE_BITS + 15));
    rows[y][column + 1] = clamped((centre - slope) >> (DESCALE_BITS + 15));
  }
}

static void idct4(const int16_t *coefficients, const int16_t *multipliers, uint8_t *const *rows, unsigned column)
{
  v128_t row0 = load_row(coefficients, multipliers, 0), row1 = load_row(coefficients, multipliers, 1);
  v128_t row2 = load_row(coefficients, multipliers, 2), row3 = load_row(coefficients, multipliers, 3);
  v128_t row5 = load_row(coefficients, multipliers, 5), row6 = load_row(coefficients, multipliers, 6);
  v128_t row7 = load_row(coefficients, multipliers, 7);

  /* Columns: even and odd part of rows 0 and 3, and of rows 1 and 2. */
  v128_t dc = TIMES(row0, COS4);
  v128_t second = SUB(TIMES(row2, COS2 * COS4), TIMES(row6, COS6 * COS4));
  v128_t even0 = ADD(dc, second), even1 = SUB(dc, second);
  v128_t odd0 = ADD(SUB(TIMES(row1, COS1 * COS2), TIMES(row7, COS7 * COS2)),
                    SUB(TIMES(row3, COS3 * COS6), TIMES(row5, COS5 * COS6)));
  v128_t odd1 = SUB(SUB(TIMES(row1, COS1 * COS6), TIMES(row7, COS7 * COS6)),
                    SUB(TIMES(row3, COS3 * COS2), TIMES(row5, COS5 * COS2)));
  v128_t out0 = ADD(even0, odd0), out1 = ADD(even1, odd1), out2 = SUB(even1, odd1), out3 = SUB(even0, odd0);

  /* Transposed: two columns a vector, four rows each. */
  v128_t low01 = zip_low16(out0, out1), low23 = zip_low16(out2, out3);
  v128_t high01 = zip_high16(out0, out1), high23 = zip_high16(out2, out3);
  v128_t at01 = zip_low32(low01, low23), at23 = zip_high32(low01, low23);
  v128_t at45 = zip_low32(high01, high23), at67 = zip_high32(high01, high23);

  /* Rows: the same sums, the even part in the lower half and the odd one in the upper. */
#define HALVES(even, odd) \
  wasm_i16x8_const(Q15(even), Q15(even), Q15(even), Q15(even), Q15(odd), Q15(odd), Q15(odd), Q15(odd))
#define TIMES_HALVES(v, even, odd) wasm_i16x8_q15mulr_sat(v, HALVES(even, odd))
  v128_t outer = ADD(ADD(TIMES_HALVES(at01, COS4, COS1 * COS2), TIMES_HALVES(at23, COS2 * COS4, COS3 * COS6)),
                     ADD(TIMES_HALVES(at45, 0, -COS5 * COS6), TIMES_HALVES(at67, -COS6 * COS4, -COS7 * COS2)));
  v128_t inner = ADD(ADD(TIMES_HALVES(at01, COS4, COS1 * COS6), TIMES_HALVES(at23, -COS2 * COS4, -COS3 * COS2)),
                     ADD(TIMES_HALVES(at45, 0, COS5 * COS2), TIMES_HALVES(at67, COS6 * COS4, -COS7 * COS6)));
  v128_t even = zip_low64(outer, inner), odd = zip_high64(outer, inner);
  v128_t columns01 = level_shifted(ADD(even, odd)), columns32 = level_shifted(SUB(even, odd));
  v128_t samples = wasm_u8x16_narrow_i16x8(columns01, columns32);
  samples = wasm_i8x16_shuffle(samples, samples, 0, 4, 12, 8, 1, 5, 13, 9, 2, 6, 14, 10, 3, 7, 15, 11);
  wasm_v128_store32_lane(rows[0] + column, samples, 0);
  wasm_v128_store32_lane(rows[1] + column, samples, 1);
  wasm_v128_store32_lane(rows[2] + column, samples, 2);
  wasm_v128_store32_lane(rows[3] + column, samples, 3);
}

/* One pass of the full size, in place, over the eight columns at once. */
static inline void pass8(v128_t row[8])
{
  v128_t sum = TIMES(ADD(row[0], row[4]), COS4), difference = TIMES(SUB(row[0], row[4]), COS4);
  v128_t outer = ADD(TIMES(row[2], COS2), TIMES(row[6], COS6)), inner = SUB(TIMES(row[2], COS6), TIMES(row[6], COS2));
  v128_t even0 = ADD(sum, outer), even3 = SUB(sum, outer), even1 = ADD(difference, inner), even2 = SUB(difference, inner);
  v128_t odd0 = ADD(ADD(TIMES(row[1], COS1), TIMES(row[3], COS3)), ADD(TIMES(row[5], COS5), TIMES(row[7], COS7)));
  v128_t odd1 = SUB(SUB(TIMES(row[1], COS3), TIMES(row[3], COS7)), ADD(TIMES(row[5], COS1), TIMES(row[7], COS5)));
  v128_t odd2 = ADD(SUB(TIMES(row[1], COS5), TIMES(row[3], COS1)), ADD(TIMES(row[5], COS7), TIMES(row[7], COS3)));
  v128_t odd3 = ADD(SUB(TIMES(row[1], COS7), TIMES(row[3], COS5)), SUB(TIMES(row[5], COS3), TIMES(row[7], COS1)));
  row[0] = ADD(even0, odd0), row[7] = SUB(even0, odd0);
  row[1] = ADD(even1, odd1), row[6] = SUB(even1, odd1);
  row[2] = ADD(even2, odd2), row[5] = SUB(even2, odd2);
  row[3] = ADD(even3, odd3), row[4] = SUB(even3, odd3);
}

static inline void transpose8(v128_t row[8])
{
  v128_t pair[8], four[8];
  for (int i = 0; i < 4; i++) {
    pair[2 * i] = zip_low16(row[2 * i], row[2 * i + 1]);
    pair[2 * i + 1] = zip_high16(row[2 * i], row[2 * i + 1]);
  }
  for (int half = 0; half < 2; half++) {
    for (int side = 0; side < 2; side++) {
      v128_t upper = pair[4 * half + side], lower = pair[4 * half + 2 + side];
      four[4 * half + 2 * side] = zip_low32(upper, lower);
      four[4 * half + 2 * side + 1] = zip_high32(upper, lower);
    }
  }
  for (int i = 0; i < 4; i++) {
    row[2 * i] = zip_low64(four[i], four[4 + i]);
    row[2 * i + 1] = zip_high64(four[i], four[4 + i]);
  }
}

/* Eight columns of sums to samples, eight rows of them. */
static inline void store_columns(const v128_t sums[8], uint8_t *const *rows, unsigned column)
{
  v128_t pairs[4];
  for (int i = 0; i < 4; i++) {
    v128_t two = wasm_u8x16_narrow_i16x8(level_shifted(sums[2 * i]), level_shifted(sums[2 * i + 1]));
    pairs[i] = wasm_i8x16_shuffle(two, two, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
  }
  for (int half = 0; half < 2; half++) {
    v128_t left = half == 0 ? zip_low16(pairs[0], pairs[1]) : zip_high16(pairs[0], pairs[1]);
    v128_t right = half == 0 ? zip_low16(pairs[2], pairs[3]) : zip_high16(pairs[2], pairs[3]);
    v128_t upper = zip_low32(left, right), lower = zip_high32(left, right);
    wasm_v128_store64_lane(rows[4 * half] + column, upper, 0);
    wasm_v128_store64_lane(rows[4 * half + 1] + column, upper, 1);
    wasm_v128_store64_lane(rows[4 * half + 2] + column, lower, 0);
    wasm_v128_store64_lane(rows[4 * half + 3] + column, lower, 1);
  }
}

static void idct8(const int16_t *coefficients, const int16_t *multipliers, uint8_t *const *rows, unsigned column)
{
  v128_t row[8];
  for (int i = 0; i < 8; i++) row[i] = load_row(coefficients, multipliers, i);
  pass8(row);
  transpose8(row);
  pass8(row);
  store_columns(row, rows, column);
}

Idct idct_of_size(int size)
{
  switch (size) {
    case 1: return idct1;
    case 2: return idct2;
    case 4: return idct4;
    case 8: return idct8;
    default: return NULL;
  }
}

void idct_multipliers(int16_t *multipliers, const uint16_t *quantisers)
{
  for (int i = 0; i < 64; i++) multipliers[i] = (int16_t)(quantisers[i] << FRACTION);
}

/* libjpeg's module for the inverse DCT (jddctmgr.c), with the four sizes above. */

#define LIBJPEG_METHOD(name) \
  static void name##_method(j_decompress_ptr cinfo, jpeg_component_info *component, JCOEFPTR block, JSAMPARRAY rows, \
                            JDIMENSION column) \
  { \
    name(block, component->dct_table, rows, column); \
  }
LIBJPEG_METHOD(idct1)
LIBJPEG_METHOD(idct2)
LIBJPEG_METHOD(idct4)
LIBJPEG_METHOD(idct8)

static inverse_DCT_method_ptr method_of_size(j_decompress_ptr cinfo, int size)
{
  switch (size) {
    case 1: return idct1_method;
    case 2: return idct2_method;
    case 4: return idct4_method;
    case 8: return idct8_method;
    default: ERREXIT1(cinfo, JERR_BAD_DCTSIZE, size);
  }
  return NULL;
}

/* Quantisation tables are known only when an output pass starts; a component without one never had data. */
static void start_pass(j_decompress_ptr cinfo)
{
  for (int i = 0; i < cinfo->num_components; i++) {
    jpeg_component_info *component = cinfo->comp_info + i;
    cinfo->idct->inverse_DCT[i] = method_of_size(cinfo, component->DCT_scaled_size);
    if (component->quant_table != NULL) idct_multipliers(component->dct_table, component->quant_table->quantval);
  }
}

GLOBAL(void)
jinit_inverse_dct(j_decompress_ptr cinfo)
{
  cinfo->idct = (*cinfo->mem->alloc_small)((j_common_ptr)cinfo, JPOOL_IMAGE, sizeof(struct jpeg_inverse_dct));
  cinfo->idct->start_pass = start_pass;
  for (int i = 0; i < cinfo->num_components; i++) {
    size_t bytes = DCTSIZE2 * sizeof(int16_t);
    void *multipliers = (*cinfo->mem->alloc_large)((j_common_ptr)cinfo, JPOOL_IMAGE, bytes);
    memset(multipliers, 0, bytes);
    cinfo->comp_info[i].dct_table = multipliers;
  }
}
