#include "symbol-table.h"
#include "arena.h"
#include "failure.h"

#include "jerror.h"

boolean symbol_table_met_bad_code;

void symbol_table_check(j_decompress_ptr cinfo)
{
  if (!symbol_table_met_bad_code) return;
  symbol_table_met_bad_code = FALSE;
  WARNMS(cinfo, JWRN_HUFF_BAD_CODE);
}

static uint32_t symbol_of(int bits, int advance, int value)
{
  return (uint32_t)bits | (uint32_t)advance << 8 | (uint32_t)value << 16;
}

/* The value that `size` bits stand for (T.81, F.1.2.1): the lower half of them is negative. */
static int extended(unsigned bits, int size)
{
  if (size == 0) return 0;
  return bits >> (size - 1) ? (int)bits : (int)bits - (1 << size) + 1;
}

static unsigned upper_bits(uint64_t window, int count) { return count == 0 ? 0 : (unsigned)(window >> (64 - count)); }

/* `byte` is the symbol's; its code, of `code_length` bits, is at the window's upper end. */
static uint32_t whole_symbol(SymbolKind kind, int byte, int code_length, uint64_t window)
{
  int size = byte & 15, run = byte >> 4;
  uint64_t rest = window << code_length;
  if (kind == DC_SYMBOLS) return symbol_of(code_length + size, 0, extended(upper_bits(rest, size), size));
  if (size > 0 || run == 15) return symbol_of(code_length + size, run + 1, extended(upper_bits(rest, size), size));
  if (kind == AC_SYMBOLS) return symbol_of(code_length, END_OF_BLOCK, 0);
  return symbol_of(code_length + run, END_OF_BLOCK, (1 << run) + (int)upper_bits(rest, run));
}

uint32_t symbol_table_search(const SymbolTable *table, uint64_t window)
{
  uint32_t prefix = (uint32_t)(window >> 48);
  int length = 1;
  while (prefix >= table->limits[length]) length++;
  if (length > 16) {
    symbol_table_met_bad_code = TRUE;
    return symbol_of(16, table->kind == DC_SYMBOLS ? 0 : END_OF_BLOCK, table->kind == PROGRESSIVE_AC_SYMBOLS);
  }
  return whole_symbol(table->kind, table->symbols[(prefix >> (16 - length)) + table->offsets[length]], length, window);
}

static void set_limits(SymbolTable *table, const JHUFF_TBL *huffman)
{
  unsigned code = 0;
  int index = 0;
  for (int length = 1; length <= 16; length++) {
    table->offsets[length] = index - (int)code;
    index += huffman->bits[length];
    code += huffman->bits[length];
    table->limits[length] = code << (16 - length);
    code <<= 1;
  }
  table->limits[17] = ~0u;
}

static void *allocated(size_t bytes)
{
  void *table = arena_allocate(bytes);
  if (table == NULL) fail(FAILURE_MEMORY);
  return table;
}

const SymbolTable *symbol_table_of(const JHUFF_TBL *huffman, SymbolKind kind)
{
  SymbolTable *table = allocated(sizeof *table);
  table->kind = kind;
  table->symbols = huffman->huffval;
  set_limits(table, huffman);
  for (unsigned i = 0; i < 1 << LOOKAHEAD; i++) {
    uint64_t window = (uint64_t)i << (64 - LOOKAHEAD);
    /* Past LOOKAHEAD the window is empty, so that what is found there counts only if it needs no more bits. */
    uint32_t symbol = (window >> 48) < table->limits[LOOKAHEAD] ? symbol_table_search(table, window) : 0;
    table->first[i] = bits_of(symbol) <= LOOKAHEAD ? symbol : 0;
  }
  return table;
}

/* A symbol in the upper `count` of 16 bits, or 0. */
static uint32_t symbol_within(const SymbolTable *ac, unsigned bits, int count)
{
  uint32_t symbol = ac->first[(bits & 0xffff) >> (16 - LOOKAHEAD)];
  return bits_of(symbol) <= count ? symbol : 0;
}

static uint64_t pair_of(const SymbolTable *ac, unsigned bits)
{
  uint32_t symbol = symbol_within(ac, bits, PAIR_BITS), second = 0;
  int taken = bits_of(symbol);
  if (symbol == 0) return 0;
  if (advance_of(symbol) < END_OF_BLOCK) second = symbol_within(ac, bits << taken, PAIR_BITS - taken);
  return (uint64_t)(second + taken) << 32 | symbol;
}

const PairTable *pair_table_of(const SymbolTable *ac)
{
  PairTable *table = allocated(sizeof *table);
  for (unsigned i = 0; i < 1 << PAIR_BITS; i++) table->first[i] = pair_of(ac, i << (16 - PAIR_BITS));
  return table;
}

static unsigned run_of(const SymbolTable *ac, unsigned bits)
{
  int taken = 0, advance = 0;
  while (advance < END_OF_BLOCK) {
    uint32_t symbol = symbol_within(ac, bits << taken, RUN_BITS - taken);
    /* A block holds 63 at most, whatever the bits say. */
    if (symbol == 0 || (advance_of(symbol) < END_OF_BLOCK && advance + advance_of(symbol) > 63)) break;
    taken += bits_of(symbol);
    advance += advance_of(symbol);
  }
  return taken | advance << 8;
}

const RunTable *run_table_of(const SymbolTable *ac)
{
  RunTable *table = allocated(sizeof *table);
  for (unsigned i = 0; i < 1 << RUN_BITS; i++) table->first[i] = run_of(ac, i << (16 - RUN_BITS));
  return table;
}
