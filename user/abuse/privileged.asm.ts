// Instructions that ring 3 must not be able to execute.

import { KERNEL_CS, KERNEL_DS, TSS_SELECTOR } from "../../src/abi/descriptors";
import { GUARD_END, USER_END } from "../../src/abi/memory-map";
import { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP } from "../../src/abi/signals";
import type { Assembler } from "../../src/x86/assembler";
import { mem, mem32 } from "../../src/x86/operand";
import { al, ax, cr0, cr3, cr4, dx, eax, ecx, edx, esp } from "../../src/x86/registers";
import { bytes, dies, EXITS, IRET_CHECKS, type MachineCase } from "./machine-case.asm";

const stack = mem({ base: esp, disp: -64 });

function refused(name: string, code: (a: Assembler) => void): MachineCase {
  return { name, outcomes: dies(SIGSEGV), code };
}

/** An instruction that some processors lack. */
function refusedOrUnknown(name: string, ...code: number[]): MachineCase {
  return { name, outcomes: dies(SIGSEGV, SIGILL), code: bytes(...code) };
}

/** Without UMIP these tell ring 3 where the tables are: allowed, and harmless. */
function told(name: string, code: (a: Assembler) => void): MachineCase {
  return { name, outcomes: dies(SIGSEGV) | EXITS, code };
}

const CONTROL: readonly MachineCase[] = [
  refused("cli", (a) => a.cli()),
  refused("sti", (a) => a.sti()),
  refused("hlt", (a) => a.hlt()),
  refused("clts", (a) => a.clts()),
  refusedOrUnknown("invd", 0x0f, 0x08),
  refused("wbinvd", (a) => a.wbinvd()),
  refused("lgdt", (a) => a.lgdt(stack)),
  refused("lidt", (a) => a.lidt(stack)),
  refused("lldt", (a) => a.lldt(ax)),
  refused("ltr", (a) => {
    a.mov(eax, TSS_SELECTOR);
    a.ltr(ax);
  }),
  refused("lmsw", (a) => a.lmsw(ax)),
  refused("invlpg", (a) => a.invlpg(mem({ disp: GUARD_END }))),
  refused("read-cr0", (a) => a.mov(eax, cr0)),
  refused("write-cr0", (a) => a.mov(cr0, eax)),
  refused("read-cr3", (a) => a.mov(eax, cr3)),
  refused("write-cr3", (a) => a.mov(cr3, eax)),
  refused("read-cr4", (a) => a.mov(eax, cr4)),
  refused("write-cr4", (a) => a.mov(cr4, eax)),
  refusedOrUnknown("read-dr7", 0x0f, 0x21, 0xf8),
  refusedOrUnknown("write-dr0", 0x0f, 0x23, 0xc0),
  refused("rdmsr", (a) => a.rdmsr()),
  refused("wrmsr", (a) => a.wrmsr()),
  refusedOrUnknown("rdpmc", 0x0f, 0x33),
  refusedOrUnknown("xsetbv", 0x0f, 0x01, 0xd1),
  refusedOrUnknown("monitor", 0x0f, 0x01, 0xc8),
  refusedOrUnknown("vmcall", 0x0f, 0x01, 0xc1),
  refusedOrUnknown("rsm", 0x0f, 0xaa),
  refusedOrUnknown("sysenter", 0x0f, 0x34),
  refusedOrUnknown("sysexit", 0x0f, 0x35),
  refusedOrUnknown("syscall", 0x0f, 0x05),
  refusedOrUnknown("sysret", 0x0f, 0x07),
  told("sgdt", (a) => a.sgdt(stack)),
  told("sidt", (a) => a.sidt(stack)),
  told("sldt", (a) => a.sldt(eax)),
  told("str", (a) => a.str(eax)),
  told("smsw", (a) => a.smsw(eax)),
];

const PORTS: readonly MachineCase[] = [
  refused("in", (a) => a.in(al, 0x60)),
  refused("out", (a) => a.out(0x80, al)),
  refused("in-dx", (a) => {
    a.mov(edx, 0x3f8);
    a.in(al, dx);
  }),
  refused("out-exit-port", (a) => {
    a.mov(edx, 0xf4);
    a.xor(eax, eax);
    a.out(dx, al);
  }),
  refused("insb", bytes(0x6c)),
  refused("outsd", bytes(0x6f)),
];

/** Far transfers to code that does not belong to the user. */
const TRANSFERS: readonly MachineCase[] = [
  refused("jump-kernel-cs", (a) => a.jmpFar(KERNEL_CS, GUARD_END)),
  refused("call-ibcs-gate", (a) => a.callFar(7, 0)),
  ...[KERNEL_CS, KERNEL_DS, TSS_SELECTOR, 0x30, 0x38, 0xfff8].flatMap((selector) =>
    [0, 3].map((rpl) =>
      refused(`call-selector-${(selector | rpl).toString(16)}`, (a) => {
        a.push(selector | rpl);
        a.push(GUARD_END);
        a.callFar(mem({ base: esp }));
      }),
    ),
  ),
  refused("return-to-kernel-cs", (a) => {
    a.push(KERNEL_CS);
    a.push(GUARD_END);
    bytes(0xcb)(a);
  }),
  {
    name: "iret-to-ring-0",
    needs: IRET_CHECKS,
    outcomes: dies(SIGSEGV),
    code: (a) => {
      a.push(KERNEL_DS);
      a.push(esp);
      a.pushf();
      a.push(KERNEL_CS);
      a.push(GUARD_END);
      a.iret();
    },
  },
  {
    name: "iret-to-a-null-cs",
    needs: IRET_CHECKS,
    outcomes: dies(SIGSEGV),
    code: (a) => {
      a.pushf();
      a.push(0);
      a.push(GUARD_END);
      a.iret();
    },
  },
  {
    name: "iret-from-the-guard",
    outcomes: dies(SIGSEGV, SIGBUS),
    code: (a) => {
      a.mov(esp, USER_END);
      a.iret();
    },
  },
];

/** Exceptions that a user may cause, each with Linux's signal; v86 does not raise all of them. */
const EXCEPTIONS: readonly MachineCase[] = [
  { name: "divide-by-zero", outcomes: dies(SIGFPE), code: divide },
  { name: "breakpoint", outcomes: dies(SIGTRAP), code: (a) => a.int3() },
  { name: "icebp", outcomes: EXITS | dies(SIGTRAP, SIGILL), code: bytes(0xf1) },
  { name: "undefined-instruction", outcomes: dies(SIGILL), code: (a) => a.ud2() },
  { name: "lock-without-memory", outcomes: EXITS | dies(SIGILL), code: bytes(0xf0, 0x90) },
  {
    name: "overflow",
    outcomes: dies(SIGSEGV),
    code: (a) => {
      a.mov(eax, 0x7fffffff);
      a.add(eax, 1);
      bytes(0xce)(a);
    },
  },
  {
    name: "bound",
    outcomes: dies(SIGSEGV),
    code: (a) => {
      a.push(0);
      a.push(0);
      a.mov(eax, 5);
      bytes(0x62, 0x04, 0x24)(a);
    },
  },
  {
    name: "instruction-of-16-bytes",
    outcomes: EXITS | dies(SIGSEGV, SIGILL),
    code: bytes(...new Array(15).fill(0x66), 0x90),
  },
  { name: "jump-to-null", outcomes: dies(SIGSEGV), code: (a) => jump(a, 0) },
  { name: "jump-to-the-guard", outcomes: dies(SIGSEGV), code: (a) => jump(a, USER_END) },
  { name: "jump-to-the-last-byte", outcomes: dies(SIGSEGV), code: (a) => jump(a, 0xffffffff) },
  {
    name: "write-text",
    outcomes: dies(SIGSEGV),
    code: (a) => {
      const here = a.newLabel("here");
      a.label(here);
      a.mov(mem32({ symbol: here }), eax);
    },
  },
];

function divide(a: Assembler): void {
  a.xor(ecx, ecx);
  a.xor(edx, edx);
  a.div(ecx);
}

function jump(a: Assembler, target: number): void {
  a.mov(eax, target);
  a.jmp(eax);
}

export const PRIVILEGED_CASES: readonly MachineCase[] = [
  ...CONTROL,
  ...PORTS,
  ...TRANSFERS,
  ...EXCEPTIONS,
];
