// Stands in for libwebp's src/dsp/cpu.c, which reports a CPU of the slow kind for which the arithmetic decoder has a
// detour through tables. WebAssembly has a fast instruction for what those avoid.

#include "src/dsp/cpu.h"

static int HasFeature(CPUFeature feature) { return feature == kSSE2 || feature == kSSE3 || feature == kSSE4_1; }

WEBP_EXTERN VP8CPUInfo VP8GetCPUInfo;
VP8CPUInfo VP8GetCPUInfo = HasFeature;
