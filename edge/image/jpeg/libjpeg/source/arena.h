#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

/* Gives back everything at once. Whatever state the last photo was left in, the next one starts from here. */
void arena_reset(void);

/* 16-byte aligned, not zeroed; NULL when the module's memory is used up. */
void *arena_allocate(size_t bytes);

#endif
