// Machine states in which a user may enter the kernel: flags, segments, stack pointers.

import {
  EFLAGS_AC,
  EFLAGS_DF,
  EFLAGS_IF,
  EFLAGS_IOPL,
  EFLAGS_NT,
  EFLAGS_TF,
  KERNEL_CS,
  KERNEL_DS,
  USER_DS,
} from "../../src/abi/descriptors";
import { SystemCall } from "../../src/abi/linux/i386";
import { GUARD_END, USER_END } from "../../src/abi/memory-map";
import { SIGBUS, SIGILL, SIGKILL, SIGSEGV, SIGTRAP } from "../../src/abi/signals";
import type { Assembler } from "../../src/x86/assembler";
import { mem, mem32 } from "../../src/x86/operand";
import {
  ds,
  eax,
  ebx,
  ecx,
  edi,
  edx,
  es,
  esi,
  esp,
  fs,
  gs,
  type SegmentRegister,
  ss,
} from "../../src/x86/registers";
import {
  dies,
  EXITS,
  FAILED,
  getpid,
  IRET_CHECKS,
  type MachineCase,
  SINGLE_STEP,
} from "./machine-case.asm";

/** Sets flags; ring 3 cannot change all of them. */
function setFlags(a: Assembler, flags: number): void {
  a.pushf();
  a.or(mem32({ base: esp }), flags);
  a.popf();
}

/** Calls the kernel and fails unless it answers. */
function call(a: Assembler): void {
  getpid(a);
  a.jle(FAILED);
}

/** Fails if one of these flags is set. */
function expectClear(a: Assembler, flags: number): void {
  a.pushf();
  a.pop(eax);
  a.and(eax, flags);
  a.jne(FAILED);
}

const FLAGS: readonly MachineCase[] = [
  {
    name: "trap-flag",
    needs: SINGLE_STEP,
    outcomes: dies(SIGTRAP),
    code: (a) => {
      setFlags(a, EFLAGS_TF);
      a.nop();
    },
  },
  {
    name: "trap-flag-across-a-call",
    needs: SINGLE_STEP,
    outcomes: dies(SIGTRAP),
    code: (a) => {
      a.mov(eax, SystemCall.getpid);
      a.pushf();
      a.or(mem32({ base: esp }), EFLAGS_TF);
      a.popf();
      a.int(0x80);
      a.nop();
    },
  },
  {
    name: "nested-task-flag-across-a-call",
    outcomes: EXITS,
    code: (a) => {
      setFlags(a, EFLAGS_NT);
      call(a);
    },
  },
  {
    name: "iret-with-nested-task-flag",
    needs: IRET_CHECKS,
    outcomes: dies(SIGSEGV, SIGBUS),
    code: (a) => {
      setFlags(a, EFLAGS_NT);
      a.iret();
    },
  },
  {
    name: "alignment-flag-across-a-call",
    outcomes: EXITS | dies(SIGBUS),
    code: (a) => {
      setFlags(a, EFLAGS_AC);
      call(a);
      a.mov(eax, mem({ base: esp, disp: -5 }));
    },
  },
  {
    name: "direction-flag-across-a-call",
    outcomes: EXITS,
    code: (a) => {
      a.std();
      call(a);
      a.pushf();
      a.pop(eax);
      a.test(eax, EFLAGS_DF);
      a.je(FAILED);
    },
  },
  {
    name: "io-privilege-level",
    outcomes: EXITS,
    code: (a) => {
      setFlags(a, EFLAGS_IOPL);
      expectClear(a, EFLAGS_IOPL);
      call(a);
      expectClear(a, EFLAGS_IOPL);
    },
  },
  {
    name: "interrupts-off-by-popf",
    outcomes: EXITS,
    code: (a) => {
      a.pushf();
      a.and(mem32({ base: esp }), ~EFLAGS_IF);
      a.popf();
      a.pushf();
      a.pop(eax);
      a.test(eax, EFLAGS_IF);
      a.je(FAILED);
    },
  },
  {
    name: "all-flags-across-a-call",
    outcomes: EXITS | dies(SIGBUS),
    code: (a) => {
      setFlags(a, ~EFLAGS_TF);
      call(a);
      a.push(2);
      a.popf();
    },
  },
];

type Loadable = SegmentRegister<"ds" | "es" | "fs" | "gs" | "ss">;
const SEGMENT_REGISTERS: readonly [string, Loadable][] = [
  ["ds", ds],
  ["es", es],
  ["fs", fs],
  ["gs", gs],
  ["ss", ss],
];
/** Past the table's end, the kernel's, and in a local table, of which there is none. */
const JUNK = [0xffff, 0x3b, KERNEL_CS, KERNEL_CS | 3, KERNEL_DS, KERNEL_DS | 3, 0x2b, 7];

const SEGMENTS: readonly MachineCase[] = [
  ...SEGMENT_REGISTERS.flatMap(([name, register]) =>
    JUNK.map(
      (selector): MachineCase => ({
        name: `load-${name}-with-${selector.toString(16)}`,
        outcomes: dies(SIGSEGV),
        code: (a) => {
          a.mov(eax, selector);
          a.mov(register, eax);
        },
      }),
    ),
  ),
  {
    name: "null-segments-across-a-call",
    outcomes: EXITS,
    code: (a) => {
      a.xor(eax, eax);
      for (const register of [ds, es, fs, gs]) a.mov(register, eax);
      getpid(a);
      a.mov(eax, USER_DS);
      a.mov(ds, eax);
      a.mov(es, eax);
      a.jle(FAILED);
    },
  },
  {
    name: "data-in-fs-and-gs-across-a-call",
    outcomes: EXITS,
    code: (a) => {
      a.mov(eax, USER_DS);
      a.mov(fs, eax);
      a.mov(gs, eax);
      call(a);
    },
  },
  {
    name: "null-stack-segment",
    outcomes: dies(SIGSEGV),
    code: (a) => {
      a.xor(eax, eax);
      a.mov(ss, eax);
    },
  },
];

/** Loading SS holds a debug exception back until after the next instruction. */
const STACK_SEGMENT: readonly MachineCase[] = [
  {
    name: "load-ss-then-call",
    outcomes: EXITS,
    code: (a) => {
      a.mov(eax, ss);
      a.mov(edi, eax);
      a.mov(eax, SystemCall.getpid);
      a.mov(ss, edi);
      a.int(0x80);
      a.test(eax, eax);
      a.jle(FAILED);
    },
  },
  {
    name: "load-ss-with-trap-flag-then-call",
    needs: SINGLE_STEP,
    outcomes: dies(SIGTRAP),
    code: (a) => {
      a.mov(edi, ss);
      a.mov(eax, SystemCall.getpid);
      setFlags(a, EFLAGS_TF);
      a.mov(ss, edi);
      a.int(0x80);
      a.nop();
    },
  },
  {
    name: "load-ss-then-breakpoint",
    outcomes: dies(SIGTRAP),
    code: (a) => {
      a.mov(eax, ss);
      a.mov(ss, eax);
      a.int3();
    },
  },
];

/** Stack pointers that point nowhere. */
const STACKS = [0, 1, 2, 3, 4, 0x40, USER_END, GUARD_END, GUARD_END + 2048, 0xffffe000, 0xfffffffc];

const STACK_POINTERS: readonly MachineCase[] = STACKS.flatMap((address): MachineCase[] => [
  {
    name: `call-with-stack-at-${address.toString(16)}`,
    outcomes: EXITS,
    code: (a) => {
      a.mov(edi, esp);
      a.mov(esp, address);
      getpid(a);
      a.mov(esp, edi);
      a.jle(FAILED);
    },
  },
  {
    name: `fault-with-stack-at-${address.toString(16)}`,
    outcomes: dies(SIGILL),
    code: (a) => {
      a.mov(esp, address);
      a.ud2();
    },
  },
]);

const NO_STACK: readonly MachineCase[] = [
  {
    name: "push-without-a-stack",
    outcomes: dies(SIGSEGV, SIGBUS),
    code: (a) => {
      a.xor(esp, esp);
      a.push(eax);
    },
  },
  {
    name: "push-into-the-trampoline",
    outcomes: dies(SIGSEGV, SIGBUS),
    code: (a) => {
      a.mov(esp, GUARD_END + 4096);
      a.push(eax);
    },
  },
  {
    name: "push-below-everything",
    outcomes: dies(SIGSEGV, SIGBUS),
    code: (a) => {
      a.mov(esp, 4096);
      a.push(eax);
    },
  },
];

const CHILD_STATUS = 3;

/**
 * A child that is killed before it has run must never run, not even to exit by itself. It touches
 * no memory: a fault would enter the kernel, which would notice the signal anyway.
 */
const FIRST_RETURN: MachineCase = {
  name: "kill-before-the-first-instruction",
  outcomes: EXITS,
  code: (a) => {
    const again = a.newLabel("again");
    const parent = a.newLabel("parent");
    // A tick between fork and kill may let the child run, but not every time.
    a.mov(edi, 10);
    a.label(again);
    a.dec(edi);
    a.jz(FAILED);
    a.mov(eax, SystemCall.fork);
    a.int(0x80);
    a.test(eax, eax);
    a.jnz(parent);
    a.mov(eax, SystemCall.exit);
    a.mov(ebx, CHILD_STATUS);
    a.int(0x80);
    a.label(parent);
    a.mov(ebx, eax);
    a.mov(ecx, SIGKILL);
    a.mov(eax, SystemCall.kill);
    a.int(0x80);
    a.push(0);
    a.mov(ecx, esp);
    a.xor(edx, edx);
    a.mov(eax, SystemCall.waitpid);
    a.int(0x80);
    a.pop(esi);
    a.cmp(esi, SIGKILL);
    a.jne(again);
  },
};

export const CROSSING_CASES: readonly MachineCase[] = [
  ...FLAGS,
  ...SEGMENTS,
  ...STACK_SEGMENT,
  ...STACK_POINTERS,
  ...NO_STACK,
  FIRST_RETURN,
];
