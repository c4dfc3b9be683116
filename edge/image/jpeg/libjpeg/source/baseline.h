#ifndef BASELINE_H
#define BASELINE_H

#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"

/* To be called after jpeg_start_decompress for a sequential photo whose only scan has all components. */
void baseline_take_over(j_decompress_ptr cinfo);

#endif
