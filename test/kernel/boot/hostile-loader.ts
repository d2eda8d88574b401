// A loader of a few instructions that hands the machine over in the worst state: a kernel that
// trusts anything of it does not boot.

import { type AssemblyModule, assembleModule } from "../../../src/x86/assembler";
import { mem, symbol } from "../../../src/x86/operand";
import {
  al,
  cr0,
  cr4,
  dr0,
  dr7,
  ds,
  eax,
  ebp,
  ebx,
  ecx,
  edx,
  es,
  esp,
  fs,
  gs,
  ss,
} from "../../../src/x86/registers";

export const MULTIBOOT_MAGIC = 0x2badb002;

/** In the loader's table: code, segments for data and for the stack of a byte each, flat data. */
const [CODE, DATA, STACK, FLAT] = [0x18, 0x20, 0x28, 0x30];

export interface Entry {
  /** The kernel's. */
  readonly start: number;
  /** The loader's record. */
  readonly info: number;
  /** Which protocol's record it is; default: Multiboot 1. */
  readonly magic?: number;
  /** The loader has moved the image: then DS is flat, as both protocols promise of all segments. */
  readonly isMoved?: boolean;
}

/** Where the code is to be, and for which instruction of the kernel a breakpoint is left. */
interface Places {
  readonly at: number;
  readonly breakpoint: number;
}

/**
 * CR0 with CD, WP, AM and TS; CR4 with PAE, SMEP and the like; EFER with LME and NXE; a breakpoint;
 * every flag but TF and IF; an IDT that is not there; segments of one byte, no stack; interrupts
 * unmasked.
 */
export function hostileLoader(entry: Entry, places: Places): Uint8Array {
  const { start, info, magic = MULTIBOOT_MAGIC, isMoved = false } = entry;
  const module: AssemblyModule = (a) => {
    a.section(".text");
    a.mov(ecx, 0xc0000080);
    a.mov(eax, 0x901);
    a.xor(edx, edx);
    a.wrmsr();
    a.mov(eax, 0x10066f);
    a.mov(cr4, eax);
    a.mov(eax, 0x6005003b);
    a.mov(cr0, eax);
    a.mov(eax, places.breakpoint);
    a.mov(dr0, eax);
    a.mov(eax, 0x403);
    a.mov(dr7, eax);
    a.mov(al, 0);
    a.out(0x21, al);
    a.out(0xa1, al);
    a.mov(esp, symbol("stack_end"));
    a.push(0x247cd7);
    a.popf();
    a.lidt(mem({ symbol: "no_table" }));
    a.lgdt(mem({ symbol: "table_register" }));
    a.jmpFar(CODE, symbol("reloaded"));
    a.label("reloaded");
    a.mov(ecx, DATA);
    for (const segment of [es, fs, gs]) a.mov(segment, ecx);
    a.mov(ecx, isMoved ? FLAT : DATA);
    a.mov(ds, ecx);
    a.mov(ecx, STACK);
    a.mov(ss, ecx);
    a.mov(esp, 0xdeadbeef);
    a.mov(ebp, 0xdeadbeef);
    a.mov(eax, magic);
    a.mov(ebx, info);
    a.mov(ecx, start);
    a.jmp(ecx);
    a.align(8);
    a.label("table");
    a.long(0, 0, 0, 0, 0, 0);
    a.long(0xffff, 0xcf9b00);
    a.long(0, 0x409100);
    a.long(0, 0x409300);
    a.long(0xffff, 0xcf9300);
    a.label("table_register");
    a.word(0x37);
    a.long(symbol("table"));
    a.label("no_table");
    a.word(0xffff);
    a.long(0xdead0000);
    a.space(16);
    a.label("stack_end");
  };
  return placed(module, places.at);
}

/** The bytes of a module whose only section begins at `address`. */
function placed(module: AssemblyModule, address: number): Uint8Array {
  const object = assembleModule("hostile-loader.asm.ts", module, {});
  const [section] = object.sections;
  if (!section) throw new Error("the loader has no code");
  const bytes = Uint8Array.from(section.bytes);
  for (const { offset, symbol: index, addend } of section.relocations) {
    const { offset: value } = object.symbols[index] ?? { offset: 0 };
    new DataView(bytes.buffer).setUint32(offset, address + value + addend, true);
  }
  return bytes;
}
