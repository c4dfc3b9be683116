#ifndef FAILURE_H
#define FAILURE_H

/* Why a photo is given up; libjpeg.ts has the same numbers. */
enum { FAILURE_DAMAGED = 1, FAILURE_TRUNCATED = 2, FAILURE_MEMORY = 3 };

/* Provided by the driver: throws, and so never returns. */
__attribute__((noreturn, import_module("env"), import_name("fail"))) void fail(int reason);

#endif
