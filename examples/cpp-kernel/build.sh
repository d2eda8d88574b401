#!/bin/sh
# Builds the kernel into OUT (default: build), with one of four linkers, or with the trampoline in a
# file of its own, trampoline.elf, which the boot loader brings as a module:
#
#   ./build.sh isthmus | bfd | gold | lld | module  [OUT]
#
# ISTHMUS is the command of this toolchain (default: npx isthmus), CXX the compiler (default: g++).
set -eu
linker=${1:-isthmus}
source=$(cd "$(dirname "$0")" && pwd)
out=${2:-$source/build}
isthmus=${ISTHMUS:-npx isthmus}
cxx=${CXX:-g++}
layout=$source/isthmus.layout.json
flags="-m32 -O2 -g -std=c++17 -ffreestanding -fno-exceptions -fno-rtti -fno-pic -fno-pie
  -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -mgeneral-regs-only
  -Wall -Wextra -Werror"

mkdir -p "$out"
if [ "$linker" = module ]; then
  # The same layout, but for where the two shared sections are loaded.
  layout=$out/module.layout.json
  sed '/"\.shared_/s/"load": "kernel"/"module": "trampoline"/' "$source/isthmus.layout.json" > "$layout"
fi
$isthmus script --layout "$layout" --header "$out/kernel-layout.h" --table "$out/layout-table.h"
for file in kernel user; do
  $cxx $flags -I "$out" -c "$source/$file.cpp" -o "$out/$file.o"
done
for file in boot trampoline; do
  $cxx -m32 -g -c "$source/$file.S" -o "$out/$file.o"
done
objects="$out/boot.o $out/trampoline.o $out/kernel.o $out/user.o"

case $linker in
  isthmus | module)
    $isthmus link --layout "$layout" -o "$out/kernel.elf" $objects
    ;;
  bfd | gold | lld)
    $isthmus script --layout "$layout" --linker "$linker" -o "$out/$linker.ld"
    program=ld.$linker
    "$program" -m elf_i386 -z max-page-size=4096 -T "$out/$linker.ld" -o "$out/kernel.elf" $objects
    ;;
  *)
    echo "build.sh: there is no linker $linker: isthmus, bfd, gold, lld or module" >&2
    exit 2
    ;;
esac
