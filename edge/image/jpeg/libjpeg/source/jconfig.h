/* libjpeg-turbo's configuration for this build, in place of the file that its CMake would write. */
#define JPEG_LIB_VERSION 62
#define LIBJPEG_TURBO_VERSION 3.1.3
#define LIBJPEG_TURBO_VERSION_NUMBER 3001003
#ifndef BITS_IN_JSAMPLE
#define BITS_IN_JSAMPLE 8
#endif
