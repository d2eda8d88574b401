#!/bin/sh
# Builds the kernel into OUT (default: build), with one of three linkers:
#
#   ./build.sh isthmus | bfd | lld  [OUT]
#
# ISTHMUS is the command of this toolchain (default: npx isthmus), CXX the compiler (default: g++).
set -eu
linker=${1:-isthmus}
source=$(cd "$(dirname "$0")" && pwd)
out=${2:-$source/build}
isthmus=${ISTHMUS:-npx isthmus}
cxx=${CXX:-g++}
layout=$source/isthmus.layout.json
# -mcmodel=kernel: addresses are within 2 GiB of 0, on either side, and are sign-extended.
flags="-m64 -O2 -g -std=c++17 -ffreestanding -fno-exceptions -fno-rtti -fno-pic -fno-pie
  -mcmodel=kernel -mno-red-zone -mgeneral-regs-only
  -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none
  -Wall -Wextra -Werror"

mkdir -p "$out"
$isthmus script --layout "$layout" --header "$out/kernel-layout.h" --table "$out/layout-table.h"
for file in kernel user; do
  $cxx $flags -I "$out" -c "$source/$file.cpp" -o "$out/$file.o"
done
for file in boot trampoline; do
  $cxx -m64 -g -c "$source/$file.S" -o "$out/$file.o"
done
objects="$out/boot.o $out/trampoline.o $out/kernel.o $out/user.o"

case $linker in
  isthmus)
    $isthmus link --layout "$layout" -o "$out/kernel.elf" $objects
    ;;
  bfd | lld)
    $isthmus script --layout "$layout" --linker "$linker" -o "$out/$linker.ld"
    program=ld.$linker
    "$program" -m elf_x86_64 -z max-page-size=4096 -T "$out/$linker.ld" -o "$out/kernel.elf" \
      $objects
    ;;
  *)
    echo "build.sh: there is no linker $linker: isthmus, bfd or lld" >&2
    exit 2
    ;;
esac
