/*
 * What the driver (libjpeg.ts) calls, in this order: open, start, readStrip until it returns 0. Any of them may end in
 * `fail`, which throws through the stack's frames; `open` starts afresh whatever happened before.
 */
#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"
#include "jerror.h"
#include "arena.h"
#include "baseline.h"
#include "failure.h"

#define EXPORTED(name) __attribute__((export_name(#name)))

/* Copies at most `capacity` bytes of the file, from where the last call ended, to `target`; returns how many. */
__attribute__((import_module("env"), import_name("read"))) int read_file(JOCTET *target, int capacity);

#define INPUT_BYTES 65536
/* A strip is about this large, so that it is still in the cache when the driver's caller reads it. */
#define STRIP_BYTES 131072
#define MAX_STRIP_ROWS 64
#define PIXEL_BYTES 4
/* Of colour.c, which writes 16 pixels at a time. */
#define SLACK_BYTES (15 * PIXEL_BYTES)

static struct jpeg_decompress_struct cinfo;
static struct jpeg_error_mgr errors;
static struct jpeg_source_mgr source;
static boolean is_lenient;
static JOCTET input[INPUT_BYTES];
static JSAMPROW strip_rows[MAX_STRIP_ROWS];
static int strip_height;

/* Errors and warnings */

static void error_exit(j_common_ptr common)
{
  fail(common->err->msg_code == JERR_OUT_OF_MEMORY || common->err->msg_code == JERR_NO_BACKING_STORE ? FAILURE_MEMORY
                                                                                                     : FAILURE_DAMAGED);
}

/*
 * Warnings have a level below 0. Those that mean lost picture data end the photo, unless the caller takes it as it is;
 * stray bytes between segments, odd scan parameters and the like lose nothing.
 */
static void emit_message(j_common_ptr common, int level)
{
  if (level >= 0 || is_lenient) return;
  switch (common->err->msg_code) {
    case JWRN_JPEG_EOF: fail(FAILURE_TRUNCATED);
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION: /* a scan is missing */
    case JWRN_MUST_RESYNC: fail(FAILURE_DAMAGED);
  }
}

static void output_message(j_common_ptr common) {}
static void format_message(j_common_ptr common, char *buffer) { buffer[0] = '\0'; }
static void reset_error_mgr(j_common_ptr common) {}

static void set_up_errors(void)
{
  errors.error_exit = error_exit;
  errors.emit_message = emit_message;
  errors.output_message = output_message;
  errors.format_message = format_message;
  errors.reset_error_mgr = reset_error_mgr;
}

/* Source */

static void init_source(j_decompress_ptr decompress) {}
static void term_source(j_decompress_ptr decompress) {}

/* Past the end of the file there are end-of-image markers, as many as are asked for. */
static boolean fill_input_buffer(j_decompress_ptr decompress)
{
  int bytes = read_file(input, INPUT_BYTES);
  if (bytes == 0) {
    WARNMS(decompress, JWRN_JPEG_EOF);
    input[0] = 0xff;
    input[1] = JPEG_EOI;
    bytes = 2;
  }
  source.next_input_byte = input;
  source.bytes_in_buffer = bytes;
  return TRUE;
}

static void skip_input_data(j_decompress_ptr decompress, long bytes)
{
  while (bytes > (long)source.bytes_in_buffer) {
    bytes -= (long)source.bytes_in_buffer;
    fill_input_buffer(decompress);
  }
  if (bytes > 0) {
    source.next_input_byte += bytes;
    source.bytes_in_buffer -= bytes;
  }
}

static void set_up_source(void)
{
  source.init_source = init_source;
  source.fill_input_buffer = fill_input_buffer;
  source.skip_input_data = skip_input_data;
  source.resync_to_restart = jpeg_resync_to_restart;
  source.term_source = term_source;
  source.bytes_in_buffer = 0;
  source.next_input_byte = NULL;
}

/* Calls of the driver */

/* Reads up to the first scan's header. `lenient`: whether lost picture data is accepted, and grey in its place. */
EXPORTED(open) void open_file(int lenient)
{
  arena_reset();
  is_lenient = lenient;
  set_up_errors();
  cinfo.err = &errors;
  jpeg_create_decompress(&cinfo);
  set_up_source();
  cinfo.src = &source;
  jpeg_read_header(&cinfo, TRUE);
}

EXPORTED(width) unsigned image_width(void) { return cinfo.image_width; }
EXPORTED(height) unsigned image_height(void) { return cinfo.image_height; }

EXPORTED(isCmyk) int is_cmyk(void)
{
  return cinfo.jpeg_color_space == JCS_CMYK || cinfo.jpeg_color_space == JCS_YCCK;
}

static void allocate_strip(void)
{
  size_t pitch = (size_t)cinfo.output_width * PIXEL_BYTES;
  size_t rows = STRIP_BYTES / pitch;
  JSAMPROW strip;
  /* Never less than a row group: libjpeg would hand it over in parts. */
  if (rows < 4) rows = 4;
  if (rows > MAX_STRIP_ROWS) rows = MAX_STRIP_ROWS;
  if (rows > cinfo.output_height) rows = cinfo.output_height;
  strip = arena_allocate(rows * pitch + SLACK_BYTES);
  if (strip == NULL) fail(FAILURE_MEMORY);
  for (size_t y = 0; y < rows; y++) strip_rows[y] = strip + y * pitch;
  strip_height = rows;
}

/* Output at `eighths` / 8: 1, 2, 4 or 8. A file that must be held whole is read to its end. */
EXPORTED(start) void start_decoding(int eighths)
{
  cinfo.scale_num = eighths;
  cinfo.scale_denom = 8;
  cinfo.out_color_space = is_cmyk() ? JCS_CMYK : JCS_EXT_RGBX;
  jpeg_start_decompress(&cinfo);
  if (!cinfo.inputctl->has_multiple_scans) baseline_take_over(&cinfo);
  allocate_strip();
}

EXPORTED(outputWidth) unsigned output_width(void) { return cinfo.output_width; }
EXPORTED(outputHeight) unsigned output_height(void) { return cinfo.output_height; }
EXPORTED(strip) JSAMPROW strip(void) { return strip_rows[0]; }

/* How many rows there are at `strip` now. After the last ones, reads on to the end-of-image marker, and returns 0. */
EXPORTED(readStrip) int read_strip(void)
{
  int rows = 0;
  if (cinfo.output_scanline == cinfo.output_height) {
    jpeg_finish_decompress(&cinfo);
    return 0;
  }
  while (rows < strip_height && cinfo.output_scanline < cinfo.output_height)
    rows += jpeg_read_scanlines(&cinfo, strip_rows + rows, strip_height - rows);
  return rows;
}
