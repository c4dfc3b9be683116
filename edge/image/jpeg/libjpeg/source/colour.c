/*
 * libjpeg's module for colour conversion (jdcolor.c), to what the driver takes: 4 bytes a pixel, RGBX or CMYK. Formulas are
 * JFIF's, with Cb and Cr from -128 to 127:
 *   R = Y + 1.402 Cr,  G = Y - 0.344136 Cb - 0.714136 Cr,  B = Y + 1.772 Cb
 */
#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"
#include "jerror.h"

#include <wasm_simd128.h>

#define PIXEL_BYTES 4

typedef struct {
  v128_t red, green, blue;
} Rgb;

/* Eight pixels in 16-bit lanes; the results are not yet clamped. */
static inline Rgb rgb_of(v128_t y, v128_t cb, v128_t cr)
{
  v128_t bias = wasm_i16x8_const_splat(128);
  v128_t half = wasm_i32x4_const_splat(1 << 14);
  /* -0.344136 and -0.714136 in Q15, for lanes of Cb and Cr in turn. */
  v128_t green_factors = wasm_i16x8_const(-11277, -23401, -11277, -23401, -11277, -23401, -11277, -23401);
  v128_t low, high, green;
  cb = wasm_i16x8_sub(cb, bias);
  cr = wasm_i16x8_sub(cr, bias);
  low = wasm_i16x8_shuffle(cb, cr, 0, 8, 1, 9, 2, 10, 3, 11);
  high = wasm_i16x8_shuffle(cb, cr, 4, 12, 5, 13, 6, 14, 7, 15);
  low = wasm_i32x4_shr(wasm_i32x4_add(wasm_i32x4_dot_i16x8(low, green_factors), half), 15);
  high = wasm_i32x4_shr(wasm_i32x4_add(wasm_i32x4_dot_i16x8(high, green_factors), half), 15);
  green = wasm_i16x8_narrow_i32x4(low, high);
  /* 1.402 and 1.772 do not fit Q15: 1 + 0.402, 2 - 0.228. */
  v128_t red = wasm_i16x8_add(cr, wasm_i16x8_q15mulr_sat(cr, wasm_i16x8_const_splat(13173)));
  v128_t blue = wasm_i16x8_add(cb, wasm_i16x8_q15mulr_sat(cb, wasm_i16x8_const_splat(25297)));
  return (Rgb){ wasm_i16x8_add(y, red), wasm_i16x8_add(y, green), wasm_i16x8_add(y, blue) };
}

static inline v128_t low_half(v128_t bytes) { return wasm_u16x8_extend_low_u8x16(bytes); }
static inline v128_t high_half(v128_t bytes) { return wasm_u16x8_extend_high_u8x16(bytes); }

/* Sixteen pixels of four planes. */
static inline void store_interleaved(uint8_t *out, v128_t a, v128_t b, v128_t c, v128_t d)
{
  v128_t ab_low = wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  v128_t ab_high = wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128_t cd_low = wasm_i8x16_shuffle(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  v128_t cd_high = wasm_i8x16_shuffle(c, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  wasm_v128_store(out, wasm_i16x8_shuffle(ab_low, cd_low, 0, 8, 1, 9, 2, 10, 3, 11));
  wasm_v128_store(out + 16, wasm_i16x8_shuffle(ab_low, cd_low, 4, 12, 5, 13, 6, 14, 7, 15));
  wasm_v128_store(out + 32, wasm_i16x8_shuffle(ab_high, cd_high, 0, 8, 1, 9, 2, 10, 3, 11));
  wasm_v128_store(out + 48, wasm_i16x8_shuffle(ab_high, cd_high, 4, 12, 5, 13, 6, 14, 7, 15));
}

static inline void store_rgbx(uint8_t *out, v128_t red, v128_t green, v128_t blue)
{
  store_interleaved(out, red, green, blue, wasm_i8x16_const_splat(-1));
}

typedef struct {
  v128_t red, green, blue;
} RgbBytes;

static inline RgbBytes rgb_of_ycc(v128_t y, v128_t cb, v128_t cr)
{
  Rgb low = rgb_of(low_half(y), low_half(cb), low_half(cr));
  Rgb high = rgb_of(high_half(y), high_half(cb), high_half(cr));
  return (RgbBytes){ wasm_u8x16_narrow_i16x8(low.red, high.red), wasm_u8x16_narrow_i16x8(low.green, high.green),
                     wasm_u8x16_narrow_i16x8(low.blue, high.blue) };
}

/* Sixteen pixels from up to four planes to `out`. */
typedef void (*Convert16)(const uint8_t *const planes[4], unsigned column, uint8_t *out);

static inline void ycc_to_rgbx(const uint8_t *const planes[4], unsigned column, uint8_t *out)
{
  RgbBytes rgb = rgb_of_ycc(wasm_v128_load(planes[0] + column), wasm_v128_load(planes[1] + column),
                            wasm_v128_load(planes[2] + column));
  store_rgbx(out, rgb.red, rgb.green, rgb.blue);
}

static inline void rgb_to_rgbx(const uint8_t *const planes[4], unsigned column, uint8_t *out)
{
  store_rgbx(out, wasm_v128_load(planes[0] + column), wasm_v128_load(planes[1] + column),
             wasm_v128_load(planes[2] + column));
}

static inline void grey_to_rgbx(const uint8_t *const planes[4], unsigned column, uint8_t *out)
{
  v128_t grey = wasm_v128_load(planes[0] + column);
  store_rgbx(out, grey, grey, grey);
}

static inline void cmyk_to_cmyk(const uint8_t *const planes[4], unsigned column, uint8_t *out)
{
  store_interleaved(out, wasm_v128_load(planes[0] + column), wasm_v128_load(planes[1] + column),
                    wasm_v128_load(planes[2] + column), wasm_v128_load(planes[3] + column));
}

/* Adobe's YCCK: the RGB it gives is what C, M and Y leave over. */
static inline void ycck_to_cmyk(const uint8_t *const planes[4], unsigned column, uint8_t *out)
{
  RgbBytes rgb = rgb_of_ycc(wasm_v128_load(planes[0] + column), wasm_v128_load(planes[1] + column),
                            wasm_v128_load(planes[2] + column));
  store_interleaved(out, wasm_v128_not(rgb.red), wasm_v128_not(rgb.green), wasm_v128_not(rgb.blue),
                    wasm_v128_load(planes[3] + column));
}

/*
 * Works in steps of 16 pixels. libjpeg pads its planes to multiples of 64 samples; what goes past the end of an output row
 * is overwritten by the next row, and after the last one shim.c leaves room.
 */
static inline __attribute__((always_inline)) void
convert_rows(j_decompress_ptr cinfo, JSAMPIMAGE input, JDIMENSION input_row, JSAMPARRAY output, int rows,
             int components, Convert16 convert)
{
  for (int y = 0; y < rows; y++) {
    const uint8_t *planes[4] = { NULL };
    for (int i = 0; i < components; i++) planes[i] = input[i][input_row + y];
    for (unsigned column = 0; column < cinfo->output_width; column += 16)
      convert(planes, column, output[y] + column * PIXEL_BYTES);
  }
}

#define LIBJPEG_METHOD(convert, components) \
  static void convert##_method(j_decompress_ptr cinfo, JSAMPIMAGE input, JDIMENSION input_row, JSAMPARRAY output, \
                               int rows) \
  { \
    convert_rows(cinfo, input, input_row, output, rows, components, convert); \
  }
LIBJPEG_METHOD(ycc_to_rgbx, 3)
LIBJPEG_METHOD(rgb_to_rgbx, 3)
LIBJPEG_METHOD(grey_to_rgbx, 1)
LIBJPEG_METHOD(cmyk_to_cmyk, 4)
LIBJPEG_METHOD(ycck_to_cmyk, 4)

static void start_pass(j_decompress_ptr cinfo) {}

GLOBAL(void)
jinit_color_deconverter(j_decompress_ptr cinfo)
{
  struct jpeg_color_deconverter *module =
    (*cinfo->mem->alloc_small)((j_common_ptr)cinfo, JPOOL_IMAGE, sizeof(struct jpeg_color_deconverter));
  int components;
  cinfo->cconvert = module;
  module->start_pass = start_pass;
  cinfo->out_color_components = cinfo->output_components = PIXEL_BYTES;
  switch (cinfo->jpeg_color_space) {
    case JCS_YCbCr: module->color_convert = ycc_to_rgbx_method, components = 3; break;
    case JCS_RGB: module->color_convert = rgb_to_rgbx_method, components = 3; break;
    case JCS_GRAYSCALE: module->color_convert = grey_to_rgbx_method, components = 1; break;
    case JCS_CMYK: module->color_convert = cmyk_to_cmyk_method, components = 4; break;
    case JCS_YCCK: module->color_convert = ycck_to_cmyk_method, components = 4; break;
    default: ERREXIT(cinfo, JERR_CONVERSION_NOTIMPL); return;
  }
  if (cinfo->num_components != components) ERREXIT(cinfo, JERR_BAD_J_COLORSPACE);
}
