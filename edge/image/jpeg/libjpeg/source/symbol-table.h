#ifndef SYMBOL_TABLE_H
#define SYMBOL_TABLE_H

#include "bit-reader.h"

/*
 * A Huffman table, unrolled: the next LOOKAHEAD bits are looked up for a symbol and the value that follows it at once.
 *
 * A symbol's fields: bits taken (8), how far the position in the block advances (8), value (16, signed). DC symbols have
 * no run; AC symbols that end a block advance by END_OF_BLOCK, and those without a value have value 0. Positions start at
 * 0, for DC. In progressive scans, symbols that end blocks have for a value how many they end.
 */
#define LOOKAHEAD 10
#define END_OF_BLOCK 128

typedef enum { DC_SYMBOLS, AC_SYMBOLS, PROGRESSIVE_AC_SYMBOLS } SymbolKind;

typedef struct {
  uint32_t first[1 << LOOKAHEAD]; /* 0 where a symbol and its value need more bits */
  uint32_t limits[18];            /* per length: the least 16-bit prefix above its codes; the last is out of reach */
  int offsets[17];                /* per length: a code's index in `symbols` less the code */
  const uint8_t *symbols;
  SymbolKind kind;
} SymbolTable;

/* Whether a code that is not in its table has been met. */
extern boolean symbol_table_met_bad_code;
/* Tells libjpeg, which may warn of it, if one has been met since the last call. */
void symbol_table_check(j_decompress_ptr cinfo);

/* libjpeg has checked `huffman` (jpeg_make_d_derived_tbl). This table, and those below, live as long as the photo. */
const SymbolTable *symbol_table_of(const JHUFF_TBL *huffman, SymbolKind kind);

/* The symbol at the upper end of `window`, which must hold SYMBOL_BITS. */
uint32_t symbol_table_search(const SymbolTable *table, uint64_t window);

static inline int bits_of(uint32_t symbol) { return symbol & 255; }
static inline int advance_of(uint32_t symbol) { return (symbol >> 8) & 255; }
static inline int value_of(uint32_t symbol) { return (int32_t)symbol >> 16; }

/* `now` must hold SYMBOL_BITS. */
static inline __attribute__((always_inline)) uint32_t next_symbol(Bits *now, const SymbolTable *table)
{
  uint32_t symbol = table->first[now->window >> (64 - LOOKAHEAD)];
  if (__builtin_expect(symbol == 0, 0)) symbol = symbol_table_search(table, now->window);
  consume(now, bits_of(symbol));
  return symbol;
}

/*
 * AC symbols, two at a time, since each look-up has to wait for the one before. The lower half is a symbol. The upper one
 * is the symbol after it, except that its bits are those of both; where there is none within PAIR_BITS or in the block, it
 * advances by 0 and has value 0. An entry is 0 where not even the first fits.
 */
#define PAIR_BITS 11

typedef struct {
  uint64_t first[1 << PAIR_BITS];
} PairTable;

const PairTable *pair_table_of(const SymbolTable *ac);

/*
 * For passing over AC coefficients: all symbols that the next RUN_BITS bits hold whole, up to the end of the block. Fields:
 * bits taken (8), 0 where not even one symbol fits; advance (8).
 */
#define RUN_BITS 12

typedef struct {
  uint16_t first[1 << RUN_BITS];
} RunTable;

const RunTable *run_table_of(const SymbolTable *ac);

static inline int run_bits_of(unsigned run) { return run & 255; }
static inline int run_advance_of(unsigned run) { return run >> 8; }

#endif
