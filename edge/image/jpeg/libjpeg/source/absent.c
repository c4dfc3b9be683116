/*
 * Modules that libjpeg's master control names and this build leaves out: 12-bit samples, which the header has
 * ruled out before, and merged upsampling, which fancy upsampling rules out. Calling one fails like any damaged file.
 */
#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"
#include "jerror.h"

static void refuse(j_decompress_ptr cinfo) { ERREXIT(cinfo, JERR_NOT_COMPILED); }

GLOBAL(void) j12init_color_deconverter(j_decompress_ptr cinfo) { refuse(cinfo); }
GLOBAL(void) j12init_upsampler(j_decompress_ptr cinfo) { refuse(cinfo); }
GLOBAL(void) j12init_d_post_controller(j_decompress_ptr cinfo, boolean full) { refuse(cinfo); }
GLOBAL(void) j12init_inverse_dct(j_decompress_ptr cinfo) { refuse(cinfo); }
GLOBAL(void) j12init_d_coef_controller(j_decompress_ptr cinfo, boolean full) { refuse(cinfo); }
GLOBAL(void) j12init_d_main_controller(j_decompress_ptr cinfo, boolean full) { refuse(cinfo); }
GLOBAL(void) jinit_merged_upsampler(j_decompress_ptr cinfo) { refuse(cinfo); }
GLOBAL(void) j12init_merged_upsampler(j_decompress_ptr cinfo) { refuse(cinfo); }
