#!/usr/bin/env bash
# Builds libjpeg.wasm: bash edge/image/libjpeg/build.sh <libjpeg-turbo_3.1.3.orig.tar.gz>
# The archive is Debian's, of source package libjpeg-turbo 1:3.1.3. ORIGIN.md tells what comes out.
set -euo pipefail

ARCHIVE=$(realpath "${1:?the path of libjpeg-turbo_3.1.3.orig.tar.gz}")
ARCHIVE_SHA256=3a13a5ba767dc8264bc40b185e41368a80d5d5f945944d1dbaa4b2fb0099f4e5
EMCC_VERSION=3.1.6

# libjpeg's modules that the decoder keeps; those named -8 are compiled for samples of 8 bits.
MODULES=(
  jcomapi jdapimin wrapper/jdapistd-8 wrapper/jdcoefct-8 jdhuff jdinput wrapper/jdmainct-8 jdmarker jdmaster jdphuff
  wrapper/jdpostct-8 wrapper/jdsample-8 jmemmgr wrapper/jutils-8
)

# emcc takes wasm-opt and node from here, and not from where npm has put others.
export PATH=/usr/bin:/bin

cd "$(dirname "${BASH_SOURCE[0]}")"
sha256sum --check --quiet <<<"$ARCHIVE_SHA256  $ARCHIVE"
[[ "$(emcc --version)" == *" $EMCC_VERSION "* ]] || { echo "emcc $EMCC_VERSION is needed" >&2; exit 1; }

work=$(mktemp --directory)
trap 'rm -r "$work"' EXIT
tar --extract --gzip --file "$ARCHIVE" --directory "$work" --strip-components 1
cat source/left-out.h >>"$work/src/jmorecfg.h"

flags=(
  -O3 -std=gnu11 -msimd128 -mbulk-memory -mnontrapping-fptoint -mmutable-globals -DNDEBUG -DNO_GETENV
  -Isource "-I$work/src" -fno-stack-protector -ffunction-sections -fdata-sections
)
objects=()
for module in "${MODULES[@]}"; do
  objects+=("$work/$(basename "$module").o")
  # With __x86_64__ on a 32-bit system, jdhuff.h makes the bit buffer 64 bits wide.
  defines=(-D__x86_64__)
  # progressive.c takes this module's place, and calls it.
  if [[ $module == */jdcoefct-8 ]]; then defines+=(-Djinit_d_coef_controller=libjpeg_jinit_d_coef_controller); fi
  emcc "${flags[@]}" "${defines[@]}" -c "$work/src/$module.c" -o "${objects[-1]}"
done
for file in source/*.c; do
  objects+=("$work/own-$(basename "$file" .c).o")
  emcc "${flags[@]}" -Wall -Werror -c "$file" -o "${objects[-1]}"
done
emcc -O3 "${objects[@]}" -s STANDALONE_WASM=1 --no-entry -s ERROR_ON_UNDEFINED_SYMBOLS=0 -s WARN_ON_UNDEFINED_SYMBOLS=0 \
  -s INITIAL_MEMORY=1MB -s ALLOW_MEMORY_GROWTH=1 -s MAXIMUM_MEMORY=80MB -s TOTAL_STACK=64KB \
  -Wl,--stack-first -Wl,--export=__stack_pointer -o libjpeg.wasm
chmod 644 libjpeg.wasm
sha256sum libjpeg.wasm
