// Decodes one frame of a WebP file by means of libwebp's own decoders, without its container parser and its output
// buffers: rows go to JavaScript as they come, and no more than a strip of the picture is ever held as RGBA.

#include <stdlib.h>
#include <string.h>

#include "src/dec/vp8i_dec.h"
#include "src/dec/vp8li_dec.h"
#include "src/dec/webpi_dec.h"
#include "src/dsp/lossless.h"

// The lossy decoder hands over up to 24 rows at once, and finishes one of the call before. The lossless one hands over
// single rows, which are collected.
#define STRIP_ROWS 25

// In pixels; the longest side that frames can have. Keeps offsets into a canvas within 31 bits.
#define MAX_SIDE 16384

// Chunks are without their 8 bytes of header; `alpha` is ALPH's, or none. The frame lies within the canvas, the rest of
// which is transparent black. Without `has_alpha`, every alpha of a lossless frame is taken for 255.
typedef struct {
  const uint8_t* frame;
  uint32_t frame_bytes;
  const uint8_t* alpha;
  uint32_t alpha_bytes;
  int32_t lossless, has_alpha;
  int32_t canvas_width, canvas_height;
  int32_t left, top, frame_width, frame_height;
} Request;

typedef struct {
  WebPDecParams params;  // First: libwebp's hooks get a pointer to it.
  WebPDecBuffer buffer;
  VP8IoPutHook libwebp_put;
  const Request* request;
  // STRIP_ROWS rows of the canvas, RGBA; zero beside the frame.
  uint8_t* strip;
  int stride;
  // Rows that wait in the strip.
  int rows;
  int refused;
} Job;

// Provided by JavaScript: takes `rows` rows of the canvas from `rgba` on. Returns 0 to stop.
extern int emit_rows(const uint8_t* rgba, int rows);

static void EmitStrip(Job* job, int rows) {
  if (rows > 0 && !job->refused) job->refused = !emit_rows(job->strip, rows);
}

// Rows of the canvas above or below the frame. The strip is zero.
static void EmitEmptyRows(Job* job, int rows) {
  for (; rows > 0; rows -= STRIP_ROWS) EmitStrip(job, rows < STRIP_ROWS ? rows : STRIP_ROWS);
}

static uint8_t* FrameInStrip(const Job* job) { return job->strip + 4 * (ptrdiff_t)job->request->left; }

static int HasFrameSize(const Request* request, const VP8Io* io) {
  return io->width == request->frame_width && io->height == request->frame_height;
}

// libwebp believes in a buffer of the whole frame; what it writes of it in one call is the strip.
static int PutLossyRows(const VP8Io* io) {
  Job* const job = io->opaque;
  const int first = job->params.last_y;
  job->buffer.u.RGBA.rgba = FrameInStrip(job) - (ptrdiff_t)first * job->stride;
  if (!job->libwebp_put(io)) return 0;
  EmitStrip(job, job->params.last_y - first);
  return !job->refused;
}

static VP8StatusCode DecodeLossy(Job* job, VP8Io* io) {
  VP8Decoder* const decoder = VP8New();
  VP8StatusCode status = VP8_STATUS_BITSTREAM_ERROR;
  if (decoder == NULL) return VP8_STATUS_OUT_OF_MEMORY;
  decoder->alpha_data = job->request->alpha;
  decoder->alpha_data_size = job->request->alpha_bytes;
  job->buffer.u.RGBA.stride = job->stride;
  WebPInitCustomIo(&job->params, io);
  job->libwebp_put = io->put;
  io->put = PutLossyRows;
  if (VP8GetHeaders(decoder, io) && HasFrameSize(job->request, io)) {
    status = VP8Decode(decoder, io) ? VP8_STATUS_OK : decoder->status;
  }
  VP8Delete(decoder);
  return status;
}

// The build makes libwebp's lossless decoder, and only that, call this in place of VP8LConvertFromBGRA: once a row, from
// top to bottom. `target` is where it believes its output to be.
void TakeLosslessRow(const uint32_t* bgra, int pixels, WEBP_CSP_MODE mode, uint8_t* target) {
  Job* const job = (Job*)target;
  uint8_t* const row = FrameInStrip(job) + (ptrdiff_t)job->rows * job->stride;
  VP8LConvertFromBGRA(bgra, pixels, mode, row);
  if (!job->request->has_alpha) {
    for (int i = 3; i < 4 * pixels; i += 4) row[i] = 255;
  }
  if (++job->rows < STRIP_ROWS) return;
  EmitStrip(job, job->rows);
  job->rows = 0;
}

static VP8StatusCode DecodeLossless(Job* job, VP8Io* io) {
  VP8LDecoder* const decoder = VP8LNew();
  VP8StatusCode status = VP8_STATUS_BITSTREAM_ERROR;
  if (decoder == NULL) return VP8_STATUS_OUT_OF_MEMORY;
  io->opaque = &job->params;
  job->buffer.u.RGBA.rgba = (uint8_t*)job;
  job->buffer.u.RGBA.stride = 0;
  if (!VP8LDecodeHeader(decoder, io)) {
    status = decoder->status;
  } else if (HasFrameSize(job->request, io)) {
    status = VP8LDecodeImage(decoder) ? VP8_STATUS_OK : decoder->status;
  }
  VP8LDelete(decoder);
  if (status == VP8_STATUS_OK) EmitStrip(job, job->rows);
  return status;
}

static VP8StatusCode DecodeRows(Job* job) {
  const Request* const request = job->request;
  VP8StatusCode status;
  VP8Io io;
  if (!VP8InitIo(&io)) return VP8_STATUS_INVALID_PARAM;
  io.data = request->frame;
  io.data_size = request->frame_bytes;
  EmitEmptyRows(job, request->top);
  status = request->lossless ? DecodeLossless(job, &io) : DecodeLossy(job, &io);
  if (status != VP8_STATUS_OK) return status;
  memset(job->strip, 0, (size_t)job->stride * STRIP_ROWS);
  EmitEmptyRows(job, request->canvas_height - request->top - request->frame_height);
  return job->refused ? VP8_STATUS_USER_ABORT : VP8_STATUS_OK;
}

static int IsWithinCanvas(const Request* request) {
  return request->canvas_width <= MAX_SIDE && request->canvas_height <= MAX_SIDE && request->left >= 0 &&
         request->top >= 0 && request->frame_width >= 1 && request->frame_height >= 1 &&
         request->frame_width <= request->canvas_width - request->left &&
         request->frame_height <= request->canvas_height - request->top;
}

// Returns a VP8StatusCode: OK, OUT_OF_MEMORY, INVALID_PARAM (the frame is not within the canvas, or that is too large),
// USER_ABORT (emit_rows said stop); anything else means that the frame is damaged, or has another size than the request
// says. Keeps no memory.
int decode_frame(const Request* request) {
  VP8StatusCode status = VP8_STATUS_OUT_OF_MEMORY;
  Job job;
  if (!IsWithinCanvas(request)) return VP8_STATUS_INVALID_PARAM;
  memset(&job, 0, sizeof(job));
  job.request = request;
  job.params.output = &job.buffer;
  job.buffer.colorspace = MODE_RGBA;
  job.buffer.width = request->frame_width;
  job.buffer.height = request->frame_height;
  job.buffer.is_external_memory = 1;
  job.stride = 4 * request->canvas_width;
  job.strip = calloc(STRIP_ROWS, job.stride);
  if (job.strip != NULL) status = DecodeRows(&job);
  free(job.strip);
  return status;
}
