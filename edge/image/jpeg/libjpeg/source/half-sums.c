#include "half-sums.h"
#include "arena.h"
#include "failure.h"

#define FIELD_BITS 21
/* Leaves -512 to 511 for a sum; those of a photo lie within -128 and 128, but for what quantisation adds. */
#define FRACTION 11

/* C(u) times the mean of cos((2x + 1) u pi / 16) over x from 0 to 3: see idct.c. */
static const double MEANS[8] = { 0.70710678118655, 0.64072886193538, 0, -0.22499405536839,
                                 0, 0.15033590182117, 0, -0.12744889477604 };

static int64_t weight(int row, int column, unsigned quantiser)
{
  double scaled = quantiser * MEANS[row] * MEANS[column] / 4 * (1 << FRACTION);
  int field = (row != 0) * 2 + (column != 0) - 1;
  if (field < 0) return 0;
  return (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5)) * ((int64_t)1 << (FIELD_BITS * field));
}

const HalfWeights *half_weights_of(const UINT16 *quantisers)
{
  HalfWeights *weights = arena_allocate(sizeof *weights);
  if (weights == NULL) fail(FAILURE_MEMORY);
  memset(weights, 0, sizeof *weights);
  for (int k = 1; k < DCTSIZE2; k++) {
    int place = jpeg_natural_order[k];
    weights->at[k] = weight(place / 8, place % 8, quantisers[place]);
  }
  return weights;
}

static inline JSAMPLE sample_of(int sum)
{
  int sample = sum >> FRACTION;
  return sample < 0 ? 0 : sample > 255 ? 255 : sample;
}

static inline int lowest_field(int64_t sums) { return (int)((uint32_t)sums << (32 - FIELD_BITS)) >> (32 - FIELD_BITS); }

void half_sums_store(int64_t sums, int dc, int dc_quantiser, JSAMPARRAY rows, JDIMENSION column)
{
  int across = lowest_field(sums);
  int64_t above = (sums - across) >> FIELD_BITS;
  int down = lowest_field(above);
  int both = (int)((above - down) >> FIELD_BITS);
  int mean = (int)((unsigned)dc * (unsigned)dc_quantiser << (FRACTION - 3)) + (128 << FRACTION) + (1 << (FRACTION - 1));
  rows[0][column] = sample_of(mean + across + down + both);
  rows[0][column + 1] = sample_of(mean - across + down - both);
  rows[1][column] = sample_of(mean + across - down - both);
  rows[1][column + 1] = sample_of(mean - across - down + both);
}
