/*
 * The memory of one photo. libjpeg asks here for its pools (jmemsys.h) and frees nothing by itself: since all of it goes
 * at once, a photo that failed half-way leaves nothing behind.
 */
#define JPEG_INTERNALS
#include "jinclude.h"
#include "jpeglib.h"
#include "jerror.h"
#include "jmemsys.h"
#include "arena.h"

#define PAGE_BYTES 65536

extern unsigned char __heap_base;

static size_t next_free;

void arena_reset(void) { next_free = ((size_t)&__heap_base + 15) & ~(size_t)15; }

void *arena_allocate(size_t bytes)
{
  size_t start = next_free;
  size_t held = (size_t)__builtin_wasm_memory_size(0) * PAGE_BYTES;
  size_t end;
  if (bytes > 0x7fffffff) return NULL;
  end = start + ((bytes + 15) & ~(size_t)15);
  if (end > held) {
    size_t pages = (end - held + PAGE_BYTES - 1) / PAGE_BYTES;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
  }
  next_free = end;
  return (void *)start;
}

GLOBAL(void *) jpeg_get_small(j_common_ptr cinfo, size_t bytes) { return arena_allocate(bytes); }
GLOBAL(void *) jpeg_get_large(j_common_ptr cinfo, size_t bytes) { return arena_allocate(bytes); }
GLOBAL(void) jpeg_free_small(j_common_ptr cinfo, void *object, size_t bytes) {}
GLOBAL(void) jpeg_free_large(j_common_ptr cinfo, void *object, size_t bytes) {}

GLOBAL(size_t)
jpeg_mem_available(j_common_ptr cinfo, size_t least, size_t most, size_t allocated)
{
  return most;
}

GLOBAL(void)
jpeg_open_backing_store(j_common_ptr cinfo, backing_store_ptr store, long bytes)
{
  ERREXIT(cinfo, JERR_NO_BACKING_STORE);
}

GLOBAL(long) jpeg_mem_init(j_common_ptr cinfo) { return 0; }
GLOBAL(void) jpeg_mem_term(j_common_ptr cinfo) {}
