/*
 * Appended to libjpeg-turbo's jmorecfg.h: what a decoder of photos does without. Lossless JPEG is refused by its header.
 */
#undef DCT_IFAST_SUPPORTED
#undef DCT_FLOAT_SUPPORTED
#undef D_LOSSLESS_SUPPORTED
#undef C_LOSSLESS_SUPPORTED
#undef SAVE_MARKERS_SUPPORTED
#undef QUANT_1PASS_SUPPORTED
#undef QUANT_2PASS_SUPPORTED
