/*
 * The way of most photos: sequential, all components in one scan. Entropy decoding and inverse DCT in one go, in place of
 * jdhuff.c's and jdcoefct.c's loops; everything else, restart markers too, stays with libjpeg.
 */
#include "baseline.h"
#include "bit-reader.h"
#include "half-sums.h"
#include "idct.h"
#include "positions.h"

#include <wasm_simd128.h>

/* What decoding one block of a component takes. */
typedef struct {
  int size;
  const SymbolTable *dc;
  const SymbolTable *ac;
  const RunTable *runs;       /* size 1 */
  const PairTable *pairs;     /* all others */
  const HalfWeights *weights; /* size 2 */
  const int16_t *multipliers; /* sizes 4 and 8 */
  int dc_quantiser;
  Idct idct;
} BlockPlan;

static BlockPlan plans[MAX_COMPS_IN_SCAN];
static int last_dc[MAX_COMPS_IN_SCAN];
static BitReader reader;
static unsigned restarts_to_go;

/* Where in a block each coefficient goes; runs that lead past the end of the block go behind it. */
static uint8_t place_of[MAX_POSITION + 1];
static _Alignas(16) int16_t block[DCTSIZE2 + 8];

/* Blocks */

static inline int decode_dc(const SymbolTable *table, int *last)
{
  Bits now = reader.now;
  fill(&reader, &now, SYMBOL_BITS);
  *last = (int)((unsigned)*last + (unsigned)value_of(next_symbol(&now, table)));
  reader.now = now;
  return (int16_t)*last;
}

/* Passes over the AC coefficients. */
static void skip_ac(const BlockPlan *plan)
{
  Bits now = reader.now;
  int k = 0;
  do {
    unsigned run;
    int after;
    fill(&reader, &now, RUN_BITS);
    run = plan->runs->first[now.window >> (64 - RUN_BITS)];
    after = k + run_advance_of(run);
    /* Where the block ends without saying so, the run may hold symbols of the next block. */
    if (run_bits_of(run) != 0 && ((after & (END_OF_BLOCK - 1)) < 63 || after == 63)) {
      consume(&now, run_bits_of(run));
      k = after;
    } else {
      fill(&reader, &now, SYMBOL_BITS);
      k += advance_of(next_symbol(&now, plan->ac));
    }
  } while (k < 63);
  reader.now = now;
}

typedef struct {
  int end; /* the last position */
  int64_t sums;
} AcResult;

/*
 * Decodes the AC coefficients: adds them up (size 2), or else stores them in `block`, which must be zero. Of a pair that
 * has no second symbol, the second is 0 at the place of the first, and so goes first.
 */
static inline __attribute__((always_inline)) AcResult decode_ac(const BlockPlan *plan, boolean adds_up)
{
  Bits now = reader.now;
  const int64_t *weights = adds_up ? plan->weights->at : NULL;
  uint64_t sums = 0;
  int k = 0;
  do {
    uint64_t pair;
    uint32_t symbol;
    fill(&reader, &now, PAIR_BITS);
    pair = plan->pairs->first[now.window >> (64 - PAIR_BITS)];
    symbol = (uint32_t)pair;
    if (__builtin_expect(pair == 0, 0)) {
      fill(&reader, &now, SYMBOL_BITS);
      symbol = symbol_table_search(plan->ac, now.window);
    }
    k += advance_of(symbol);
    if (adds_up) sums += (uint64_t)(value_of(symbol) * weights[k]);
    if (pair == 0 || k >= 63) {
      consume(&now, bits_of(symbol));
      if (!adds_up) block[place_of[k]] = value_of(symbol);
    } else {
      uint32_t second = (uint32_t)(pair >> 32);
      int after = k + advance_of(second);
      consume(&now, bits_of(second));
      if (adds_up) {
        sums += (uint64_t)(value_of(second) * weights[after]);
      } else {
        block[place_of[after]] = value_of(second);
        block[place_of[k]] = value_of(symbol);
      }
      k = after;
    }
  } while (k < 63);
  reader.now = now;
  return (AcResult){ k, (int64_t)sums };
}

static void decode_block(const BlockPlan *plan, int *last, JSAMPARRAY rows, JDIMENSION column)
{
  int dc = decode_dc(plan->dc, last);
  if (plan->size == 1) {
    skip_ac(plan);
    idct_flat(dc, plan->dc_quantiser, 1, rows, column);
  } else if (plan->size == 2) {
    half_sums_store(decode_ac(plan, TRUE).sums, dc, plan->dc_quantiser, rows, column);
  } else {
    for (int i = 0; i < DCTSIZE2; i += 8) wasm_v128_store(block + i, wasm_i64x2_const_splat(0));
    if (decode_ac(plan, FALSE).end == END_OF_BLOCK) {
      idct_flat(dc, plan->dc_quantiser, plan->size, rows, column);
    } else {
      block[0] = dc;
      plan->idct(block, plan->multipliers, rows, column);
    }
  }
}

/* MCUs */

/* One MCU, whose blocks beyond the picture's right and lower edge are decoded to `spare`. */
static void decode_mcu(j_decompress_ptr cinfo, JSAMPIMAGE output, JDIMENSION mcu_column, int block_row, boolean is_last_row)
{
  static uint8_t spare[DCTSIZE2];
  static uint8_t *const spare_rows[DCTSIZE] = { spare,      spare + 8,  spare + 16, spare + 24,
                                                spare + 32, spare + 40, spare + 48, spare + 56 };
  boolean is_grey = cinfo->entropy->insufficient_data;
  for (int i = 0; i < cinfo->comps_in_scan; i++) {
    jpeg_component_info *component = cinfo->cur_comp_info[i];
    const BlockPlan *plan = plans + i;
    int wanted = mcu_column + 1 < cinfo->MCUs_per_row ? component->MCU_width : component->last_col_width;
    for (int y = 0; y < component->MCU_height; y++) {
      boolean is_inside = !is_last_row || block_row + y < component->last_row_height;
      JSAMPARRAY rows = output[component->component_index] + (block_row + y) * plan->size;
      JDIMENSION column = mcu_column * component->MCU_sample_width;
      for (int x = 0; x < component->MCU_width; x++, column += plan->size) {
        boolean is_seen = is_inside && x < wanted;
        JSAMPARRAY to = is_seen ? rows : (JSAMPARRAY)spare_rows;
        if (is_grey)
          idct_flat(0, 0, plan->size, to, is_seen ? column : 0);
        else
          decode_block(plan, last_dc + i, to, is_seen ? column : 0);
      }
    }
  }
}

/* libjpeg's decompress_data: one row of iMCUs. */
static int decompress_row(j_decompress_ptr cinfo, JSAMPIMAGE output)
{
  boolean is_last = cinfo->input_iMCU_row + 1 == cinfo->total_iMCU_rows;
  /* A scan of one component has one block an MCU, and as many rows of them as the sampling factor says. */
  jpeg_component_info *first = cinfo->cur_comp_info[0];
  int block_rows = cinfo->comps_in_scan > 1 ? 1 : is_last ? first->last_row_height : first->v_samp_factor;
  for (int block_row = 0; block_row < block_rows; block_row++) {
    for (JDIMENSION column = 0; column < cinfo->MCUs_per_row; column++) {
      if (cinfo->restart_interval != 0 && restarts_to_go-- == 0) {
        bit_reader_restart(&reader);
        memset(last_dc, 0, sizeof last_dc);
        restarts_to_go = cinfo->restart_interval - 1;
      }
      decode_mcu(cinfo, output, column, block_row, is_last);
      if (symbol_table_met_bad_code) symbol_table_check(cinfo);
      if (reader.padding != 0) bit_reader_check(&reader);
    }
  }
  cinfo->output_iMCU_row++;
  cinfo->input_iMCU_row++;
  if (!is_last) return JPEG_ROW_COMPLETED;
  bit_reader_save(&reader);
  (*cinfo->inputctl->finish_input_pass)(cinfo);
  return JPEG_SCAN_COMPLETED;
}

/* Set-up */

static void make_tables(j_decompress_ptr cinfo, const jpeg_component_info *component, BlockPlan *plan)
{
  plan->dc = symbol_table_of(cinfo->dc_huff_tbl_ptrs[component->dc_tbl_no], DC_SYMBOLS);
  plan->ac = symbol_table_of(cinfo->ac_huff_tbl_ptrs[component->ac_tbl_no], AC_SYMBOLS);
  plan->runs = plan->size == 1 ? run_table_of(plan->ac) : NULL;
  plan->pairs = plan->size > 1 ? pair_table_of(plan->ac) : NULL;
}

static void plan_component(j_decompress_ptr cinfo, int index)
{
  jpeg_component_info *component = cinfo->cur_comp_info[index];
  BlockPlan *plan = plans + index;
  int same = 0;
  plan->size = component->DCT_scaled_size;
  /* Chroma components mostly share their tables. */
  while (same < index && (cinfo->cur_comp_info[same]->dc_tbl_no != component->dc_tbl_no ||
                          cinfo->cur_comp_info[same]->ac_tbl_no != component->ac_tbl_no ||
                          plans[same].size != plan->size))
    same++;
  if (same < index)
    *plan = plans[same];
  else
    make_tables(cinfo, component, plan);
  plan->weights = plan->size == 2 ? half_weights_of(component->quant_table->quantval) : NULL;
  plan->multipliers = component->dct_table;
  plan->dc_quantiser = component->quant_table->quantval[0];
  plan->idct = idct_of_size(plan->size);
}

void baseline_take_over(j_decompress_ptr cinfo)
{
  for (int k = 0; k <= MAX_POSITION; k++) place_of[k] = k < DCTSIZE2 ? jpeg_natural_order[k] : DCTSIZE2;
  for (int i = 0; i < cinfo->comps_in_scan; i++) plan_component(cinfo, i);
  memset(last_dc, 0, sizeof last_dc);
  symbol_table_met_bad_code = FALSE;
  restarts_to_go = cinfo->restart_interval;
  bit_reader_start(&reader, cinfo);
  cinfo->coef->decompress_data = decompress_row;
}
