#!/usr/bin/env bash
# Builds libwebp.wasm: the decoders of libwebp, with SIMD, behind the one function of source/decode-frame.c.
#
#   ./build.sh libwebp_1.6.0.orig.tar.gz
#
# The source is that of Debian's package libwebp (`apt-get source --download-only libwebp`, where it has this version). Needs
# sha256sum, tar, patch and emcc; with the version of emcc below (Debian 12: `apt-get install emscripten`), and clang 14 as it
# brings, the result is the committed file, byte for byte. Other versions make other files, and are refused unless
# ANY_EMSCRIPTEN=1.
set -euo pipefail

VERSION=1.6.0
SHA256=e4ab7009bf0629fd11982d4c2aa83964cf244cffba7347ecd39019a9e38c4564
EMSCRIPTEN=3.1.6

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ ${ANY_EMSCRIPTEN:-} != 1 ]]; then
  # The compiler runs whatever `wasm-opt` comes first; npm puts one there.
  export PATH=/usr/bin:/bin
  if ! emcc --version | grep -qF " $EMSCRIPTEN "; then
    echo "This needs emcc $EMSCRIPTEN." >&2
    exit 1
  fi
fi

archive=${1:?name the source archive}
echo "$SHA256  $archive" | sha256sum --check --quiet
tar -xzf "$archive" -C "$work"
tree=$work/libwebp-$VERSION
patch -s -p1 -d "$tree" <"$here/source/unused-codes.patch"

# Everything a decoder needs, but src/dsp/cpu.c: source/cpu-features.c says why.
sources=(
  dec/{alpha,buffer,frame,io,quant,tree,vp8,vp8l,webp}_dec
  dsp/{alpha_processing,alpha_processing_sse2,alpha_processing_sse41}
  dsp/{dec,dec_clip_tables,dec_sse2,dec_sse41}
  dsp/{filters,filters_sse2,lossless,lossless_sse2,lossless_sse41}
  dsp/{rescaler,rescaler_sse2,upsampling,upsampling_sse2,upsampling_sse41,yuv,yuv_sse2,yuv_sse41}
  utils/{bit_reader,color_cache,filters,huffman,quant_levels_dec,random,rescaler,thread}_utils
  utils/{palette,utils}
)

# SSE intrinsics become WebAssembly's. REDUCE: RGBA only, no rescaler.
flags=(
  -O2 -flto -DNDEBUG -msimd128 -msse2 -msse4.1 -mbulk-memory -msign-ext -mnontrapping-fptoint
  -DWEBP_REDUCE_CSP -DWEBP_REDUCE_SIZE -I"$tree" "-ffile-prefix-map=$work=." "-ffile-prefix-map=$here=."
)

objects=()
compile() { # source, further flags
  local object
  object=$work/$(basename "$1" .c).o
  emcc "${flags[@]}" "${@:2}" -c "$1" -o "$object"
  objects+=("$object")
}
for source in "${sources[@]}"; do
  extra=()
  [[ $source != dec/vp8l_dec ]] || extra=(-DVP8LConvertFromBGRA=TakeLosslessRow)
  compile "$tree/src/$source.c" "${extra[@]}"
done
for source in cpu-features decode-frame; do compile "$here/source/$source.c" -Wall -Wextra -Werror; done

# The stack lies below everything else: overflowing it is a trap, not a silent overwrite.
emcc -O2 -flto "${objects[@]}" -o "$work/libwebp.wasm" --no-entry -sSTANDALONE_WASM -sMALLOC=emmalloc \
  -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=512KB -sMAXIMUM_MEMORY=28MB -sTOTAL_STACK=128KB -Wl,--stack-first \
  -sEXPORTED_FUNCTIONS=_malloc,_free,_decode_frame -sERROR_ON_UNDEFINED_SYMBOLS=0 -sWARN_ON_UNDEFINED_SYMBOLS=0

cp "$work/libwebp.wasm" "$here/libwebp.wasm"
cp "$tree/COPYING" "$tree/PATENTS" "$here/"
chmod 644 "$here"/{libwebp.wasm,COPYING,PATENTS}
sha256sum "$here/libwebp.wasm"
