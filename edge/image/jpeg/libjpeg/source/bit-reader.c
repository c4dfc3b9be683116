#include "bit-reader.h"

#include "jerror.h"

void bit_reader_start(BitReader *reader, j_decompress_ptr cinfo)
{
  reader->now.next = cinfo->src->next_input_byte;
  reader->data_end = reader->end = reader->now.next + cinfo->src->bytes_in_buffer;
  reader->now.window = 0;
  reader->now.bits = 0;
  reader->padding = 0;
  reader->cinfo = cinfo;
}

void bit_reader_save(const BitReader *reader)
{
  reader->cinfo->src->next_input_byte = reader->now.next;
  reader->cinfo->src->bytes_in_buffer = reader->end - reader->now.next;
}

void bit_reader_restart(BitReader *reader)
{
  j_decompress_ptr cinfo = reader->cinfo;
  int unused = reader->now.bits - reader->padding;
  if (unused > 0) cinfo->marker->discarded_bytes += unused / 8;
  bit_reader_save(reader);
  (*cinfo->marker->read_restart_marker)(cinfo);
  bit_reader_start(reader, cinfo);
  if (cinfo->unread_marker == 0) cinfo->entropy->insufficient_data = FALSE;
}

void bit_reader_check(BitReader *reader)
{
  j_decompress_ptr cinfo = reader->cinfo;
  if (reader->now.bits >= reader->padding || cinfo->entropy->insufficient_data) return;
  WARNMS(cinfo, JWRN_HIT_MARKER);
  cinfo->entropy->insufficient_data = TRUE;
}

static int next_byte(BitReader *reader)
{
  if (reader->now.next == reader->end) {
    struct jpeg_source_mgr *source = reader->cinfo->src;
    (*source->fill_input_buffer)(reader->cinfo);
    reader->now.next = source->next_input_byte;
    reader->data_end = reader->end = reader->now.next + source->bytes_in_buffer;
  }
  return *reader->now.next++;
}

/* A byte of data, or -1 at a marker, which is then libjpeg's to see to. FF in the data is followed by a zero byte. */
static int next_data_byte(BitReader *reader)
{
  int byte, code;
  if (reader->cinfo->unread_marker != 0) return -1;
  byte = next_byte(reader);
  if (byte != 0xff) return byte;
  do {
    code = next_byte(reader);
  } while (code == 0xff);
  if (code == 0) return byte;
  reader->cinfo->unread_marker = code;
  return -1;
}

void bit_reader_fill_bytewise(BitReader *reader)
{
  Bits *now = &reader->now;
  now->window = now->bits == 0 ? 0 : now->window & (~UINT64_C(0) << (64 - now->bits));
  while (now->bits <= 56) {
    int byte = next_data_byte(reader);
    if (byte < 0) {
      reader->data_end = now->next;
      reader->padding += 64 - now->bits;
      now->bits = 64;
    } else {
      now->window |= (uint64_t)byte << (56 - now->bits);
      now->bits += 8;
    }
  }
}
