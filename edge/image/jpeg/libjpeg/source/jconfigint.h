/* libjpeg-turbo's internal configuration for this build; see jconfig.h. */
#define BUILD ""
#define HIDDEN __attribute__((visibility("hidden")))
#define INLINE inline __attribute__((always_inline))
#define THREAD_LOCAL
#define PACKAGE_NAME "libjpeg-turbo"
#define VERSION "3.1.3"
#define SIZEOF_SIZE_T 4
#define HAVE_BUILTIN_CTZL
#define FALLTHROUGH __attribute__((fallthrough));

/* Takes jdsample.c's hooks (upsample.c), and 16-bit multipliers. */
#define WITH_SIMD 1
