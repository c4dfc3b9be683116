#!/usr/bin/env bash
# Builds libjpeg.wasm: libjpeg-turbo's decoder, with modules of source/ in place of its own, behind source/shim.c.
#
#   ./build.sh libjpeg-turbo_3.1.3.orig.tar.gz
#
# The source is that of Debian's package libjpeg-turbo (`apt-get source --download-only libjpeg-turbo`, where it has this version). Needs
# sha256sum, tar and emcc; with the version of emcc below (Debian 12: `apt-get install emscripten`), and clang 14 as it
# brings, the result is the committed file, byte for byte. Other versions make other files, and are refused unless
# ANY_EMSCRIPTEN=1.
set -euo pipefail

VERSION=3.1.3
SHA256=3a13a5ba767dc8264bc40b185e41368a80d5d5f945944d1dbaa4b2fb0099f4e5
EMSCRIPTEN=3.1.6

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ ${ANY_EMSCRIPTEN:-} != 1 ]]; then
  # The compiler runs whatever `wasm-opt` comes first; npm puts one there.
  export PATH=/usr/bin:/bin
  if [[ $(emcc --version) != *" $EMSCRIPTEN "* ]]; then
    echo "This needs emcc $EMSCRIPTEN." >&2
    exit 1
  fi
fi

archive=${1:?name the source archive}
echo "$SHA256  $archive" | sha256sum --check --quiet
tar -xzf "$archive" -C "$work"
tree=$work/libjpeg-turbo-$VERSION
cat "$here/source/left-out.h" >>"$tree/src/jmorecfg.h"

# Those named -8 are compiled for samples of 8 bits.
modules=(
  jcomapi jdapimin jdhuff jdinput jdmarker jdmaster jdphuff jmemmgr
  wrapper/{jdapistd,jdcoefct,jdmainct,jdpostct,jdsample,jutils}-8
)

flags=(
  -O2 -flto -DNDEBUG -DNO_GETENV -msimd128 -mbulk-memory -msign-ext -mnontrapping-fptoint -mmutable-globals
  -I"$here/source" -I"$tree/src" "-ffile-prefix-map=$work=." "-ffile-prefix-map=$here=."
)

objects=()
compile() { # source, further flags
  local object
  object=$work/$(basename "$1" .c).o
  emcc "${flags[@]}" "${@:2}" -c "$1" -o "$object"
  objects+=("$object")
}
for module in "${modules[@]}"; do
  # With __x86_64__ on a 32-bit system, jdhuff.h makes the bit buffer 64 bits wide.
  extra=(-D__x86_64__)
  # source/progressive.c takes this module's place, and calls it.
  [[ $module != */jdcoefct-8 ]] || extra+=(-Djinit_d_coef_controller=libjpeg_jinit_d_coef_controller)
  compile "$tree/src/$module.c" "${extra[@]}"
done
for source in "$here"/source/*.c; do compile "$source" -Wall -Wextra -Wno-unused-parameter -Werror; done

# The stack lies below everything else: overflowing it is a trap, not a silent overwrite.
emcc -O2 -flto "${objects[@]}" -o "$work/libjpeg.wasm" --no-entry -sSTANDALONE_WASM \
  -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=1MB -sMAXIMUM_MEMORY=80MB -sTOTAL_STACK=64KB -Wl,--stack-first \
  -Wl,--export=__stack_pointer -sERROR_ON_UNDEFINED_SYMBOLS=0 -sWARN_ON_UNDEFINED_SYMBOLS=0

cp "$work/libjpeg.wasm" "$here/libjpeg.wasm"
cp "$tree/LICENSE.md" "$tree/README.ijg" "$here/"
chmod 644 "$here"/{libjpeg.wasm,LICENSE.md,README.ijg}
sha256sum "$here/libjpeg.wasm"
