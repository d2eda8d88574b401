#!/bin/sh
# Builds the kernel into OUT (default: build), with one of two linkers:
#
#   ./build.sh isthmus | bfd  [OUT]
#
# ISTHMUS is the command of this toolchain (default: npx isthmus), RUSTC the compiler (default:
# rustc). Its core library for i686-unknown-linux-gnu must be installed: see README.md.
set -eu
linker=${1:-isthmus}
source=$(cd "$(dirname "$0")" && pwd)
out=${2:-$source/build}
isthmus=${ISTHMUS:-npx isthmus}
rustc=${RUSTC:-rustc}
layout=$source/isthmus.layout.json
target=i686-unknown-linux-gnu
library=$($rustc --print target-libdir --target $target)

mkdir -p "$out"
for crate in kernel user; do
  $rustc --target $target --edition 2021 --crate-type lib --crate-name $crate --emit obj \
    -C opt-level=2 -C panic=abort -C relocation-model=static \
    -o "$out/$crate.o" "$source/$crate.rs"
done
for file in boot trampoline; do
  as --32 "$source/$file.S" -o "$out/$file.o"
done
objects="$out/boot.o $out/trampoline.o $out/kernel.o $out/user.o"
libraries=$(ls "$library"/libcore-*.rlib "$library"/libcompiler_builtins-*.rlib)

case $linker in
  isthmus)
    $isthmus link --layout "$layout" -o "$out/kernel.elf" $objects $libraries
    ;;
  bfd)
    $isthmus script --layout "$layout" --linker bfd -o "$out/bfd.ld"
    ld.bfd -m elf_i386 -z max-page-size=4096 --gc-sections -T "$out/bfd.ld" -o "$out/kernel.elf" \
      $objects $libraries
    ;;
  *)
    echo "build.sh: there is no linker $linker: isthmus or bfd" >&2
    exit 2
    ;;
esac
