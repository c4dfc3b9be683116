/*
 * AC scans of progressive photos, in place of jdphuff.c's decode_mcu and jdcoefct.c's consume_data. Which coefficients of a
 * block are not 0 is kept in 64 bits beside it: a scan that refines them goes from one to the next, and does not touch the
 * blocks that have none. DC scans, all checks of scans, and the output stay with libjpeg.
 */
#include "bit-reader.h"
#include "positions.h"
#include "symbol-table.h"
#include "arena.h"
#include "failure.h"

#define BIT(position) (UINT64_C(1) << (position))

/* The module that libjpeg defines under another name in this build. */
void libjpeg_jinit_d_coef_controller(j_decompress_ptr cinfo, boolean full);

static void (*libjpeg_start_input_pass)(j_decompress_ptr cinfo);
static int (*libjpeg_consume_data)(j_decompress_ptr cinfo);

/* Per component: for each of its blocks, row by row, the positions that are not 0; bit 0 is the first. DC is left out. */
static uint64_t *set_positions[MAX_COMPONENTS];

/* The scan */
static BitReader reader;
static const SymbolTable *table;
static unsigned restarts_to_go;
/* Blocks, this one included, that have no further new coefficients. */
static int end_of_band_run;
static int first, last, shift;

static inline int16_t *coefficient(JCOEFPTR block, int position) { return block + jpeg_natural_order[position]; }

static void read_block(JCOEFPTR block, uint64_t *set)
{
  Bits now = reader.now;
  uint64_t added = 0;
  int k = first - 1;
  if (end_of_band_run > 0) {
    end_of_band_run--;
    return;
  }
  do {
    uint32_t symbol;
    fill(&reader, &now, SYMBOL_BITS);
    symbol = next_symbol(&now, table);
    k += advance_of(symbol);
    if (advance_of(symbol) == END_OF_BLOCK) {
      end_of_band_run = value_of(symbol) - 1;
      break;
    }
    if (value_of(symbol) == 0 || k > last) continue;
    *coefficient(block, k) = (int16_t)((unsigned)value_of(symbol) << shift);
    added |= BIT(k);
  } while (k < last);
  *set |= added;
  reader.now = now;
}

/* Reads a bit for each of `positions`, and makes the coefficient one step larger where it is 1. */
static inline void correct(Bits *now, JCOEFPTR block, uint64_t positions)
{
  while (positions != 0) {
    int count = __builtin_popcountll(positions);
    if (count > SYMBOL_BITS) count = SYMBOL_BITS;
    fill(&reader, now, count);
    for (int i = 0; i < count; i++) {
      int16_t *value = coefficient(block, __builtin_ctzll(positions));
      int bit = (int)(now->window >> 63);
      positions &= positions - 1;
      consume(now, 1);
      *value = (int16_t)(*value + (bit << shift) * (*value < 0 ? -1 : 1));
    }
  }
}

static void refine_block(JCOEFPTR block, uint64_t *set)
{
  uint64_t band = (~UINT64_C(0) << first) & (~UINT64_C(0) >> (63 - last));
  Bits now = reader.now;
  while (end_of_band_run == 0 && band != 0) {
    uint32_t symbol;
    uint64_t zeros = band & ~*set, passed = band;
    fill(&reader, &now, SYMBOL_BITS);
    symbol = next_symbol(&now, table);
    if (advance_of(symbol) == END_OF_BLOCK) {
      end_of_band_run = value_of(symbol);
      break;
    }
    /* A run counts coefficients that are 0 so far; the others on the way are corrected. */
    for (int run = advance_of(symbol); run > 1 && zeros != 0; run--) zeros &= zeros - 1;
    if (zeros != 0) passed &= (zeros & -zeros) - 1;
    correct(&now, block, passed & *set);
    band &= ~passed;
    if (zeros == 0) break;
    if (value_of(symbol) != 0) {
      *coefficient(block, __builtin_ctzll(zeros)) = (int16_t)((value_of(symbol) > 0 ? 1 : -1) * (1 << shift));
      *set |= zeros & -zeros;
    }
    band &= band - 1;
  }
  if (end_of_band_run > 0) {
    correct(&now, block, band & *set);
    end_of_band_run--;
  }
  reader.now = now;
}

static void decode_row(j_decompress_ptr cinfo, JBLOCKROW blocks, uint64_t *set)
{
  for (JDIMENSION column = 0; column < cinfo->MCUs_per_row; column++) {
    if (cinfo->restart_interval != 0 && restarts_to_go-- == 0) {
      bit_reader_restart(&reader);
      end_of_band_run = 0;
      restarts_to_go = cinfo->restart_interval - 1;
    }
    if (cinfo->entropy->insufficient_data) continue;
    /* For block smoothing, which goes by how far the scans came. */
    cinfo->master->last_good_iMCU_row = cinfo->input_iMCU_row;
    if (cinfo->Ah == 0)
      read_block(blocks[column], set + column);
    else
      refine_block(blocks[column], set + column);
    if (symbol_table_met_bad_code) symbol_table_check(cinfo);
    if (reader.padding != 0) bit_reader_check(&reader);
  }
}

/* libjpeg's consume_data: the block rows of one row of iMCUs. An AC scan has one component. */
static int consume_data(j_decompress_ptr cinfo)
{
  jpeg_component_info *component = cinfo->cur_comp_info[0];
  int index = component->component_index;
  JDIMENSION row = cinfo->input_iMCU_row * component->v_samp_factor;
  boolean is_last = cinfo->input_iMCU_row + 1 == cinfo->total_iMCU_rows;
  int rows = is_last ? component->last_row_height : component->v_samp_factor;
  JBLOCKARRAY blocks;
  if (cinfo->Ss == 0) return (*libjpeg_consume_data)(cinfo);
  blocks = (*cinfo->mem->access_virt_barray)((j_common_ptr)cinfo, cinfo->coef->coef_arrays[index], row,
                                             component->v_samp_factor, TRUE);
  for (int y = 0; y < rows; y++)
    decode_row(cinfo, blocks[y], set_positions[index] + (size_t)(row + y) * component->width_in_blocks);
  cinfo->input_iMCU_row++;
  if (!is_last) return JPEG_ROW_COMPLETED;
  bit_reader_save(&reader);
  (*cinfo->inputctl->finish_input_pass)(cinfo);
  return JPEG_SCAN_COMPLETED;
}

/* libjpeg's entropy decoder has checked the scan before. */
static void start_input_pass(j_decompress_ptr cinfo)
{
  (*libjpeg_start_input_pass)(cinfo);
  if (cinfo->Ss == 0) return;
  first = cinfo->Ss;
  last = cinfo->Se;
  shift = cinfo->Al;
  table = symbol_table_of(cinfo->ac_huff_tbl_ptrs[cinfo->cur_comp_info[0]->ac_tbl_no], PROGRESSIVE_AC_SYMBOLS);
  end_of_band_run = 0;
  restarts_to_go = cinfo->restart_interval;
  symbol_table_met_bad_code = FALSE;
  bit_reader_start(&reader, cinfo);
}

static uint64_t *zeroed_masks(const jpeg_component_info *component)
{
  size_t bytes = (size_t)component->width_in_blocks * component->height_in_blocks * sizeof(uint64_t);
  uint64_t *masks = arena_allocate(bytes);
  if (masks == NULL) fail(FAILURE_MEMORY);
  memset(masks, 0, bytes);
  return masks;
}

GLOBAL(void)
jinit_d_coef_controller(j_decompress_ptr cinfo, boolean full)
{
  libjpeg_jinit_d_coef_controller(cinfo, full);
  if (!cinfo->progressive_mode) return;
  for (int i = 0; i < cinfo->num_components; i++) set_positions[i] = zeroed_masks(cinfo->comp_info + i);
  libjpeg_start_input_pass = cinfo->coef->start_input_pass;
  libjpeg_consume_data = cinfo->coef->consume_data;
  cinfo->coef->start_input_pass = start_input_pass;
  cinfo->coef->consume_data = consume_data;
}
