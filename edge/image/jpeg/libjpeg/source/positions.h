#ifndef POSITIONS_H
#define POSITIONS_H

#include "symbol-table.h"

/*
 * Positions of coefficients, in the order in which they are coded, go up to 63 in a block. Damaged data leads from 62 past
 * the end by up to 16, and the end of the block by END_OF_BLOCK: tables indexed by a position have room for all of them.
 */
#define MAX_POSITION (62 + END_OF_BLOCK)

#endif
