// The report of a kernel that has found a bug of its own: what, where, and how it got there. Then
// the machine ends with a status that no program can give.
//
// log/panic.ts is what every floor calls; this file sees the whole kernel, and only assembly and
// the handlers of ring-0 exceptions call it.
//
// Invariant: a second panic, while the first is being reported, says its text and ends the machine;
// a third, in saying that, only ends it.

import {
  TSS_CS,
  TSS_EAX,
  TSS_EBP,
  TSS_EBX,
  TSS_ECX,
  TSS_EDI,
  TSS_EDX,
  TSS_EFLAGS,
  TSS_EIP,
  TSS_ESI,
  TSS_ESP,
} from "../../src/abi/descriptors";
import { EPITAPH_SIZE } from "../../src/abi/kernel-info";
import { FRAME_SIZE } from "../../src/abi/trap-frame";
import * as x86 from "../../src/abi/x86";
import { powerOffPanicked } from "../device/power";
import { addSink, print } from "../log/log";
import * as symbols from "../machine/i686/symbols";
import { TrapFrame } from "../machine/i686/trap-frame";
import { freeFrameCount, totalFrameCount } from "../memory/frames";
import { kernelCr3 } from "../memory/kernel-space";
import { KERNEL_STACK_SIZE } from "../memory/pages";
import { currentProcess } from "../process/process";
import { isConsoleStarted, startConsole } from "../terminal/console";
import { currentThread } from "../thread/thread";
import { printBacktrace } from "./backtrace";
import { printWhere } from "./explain-fault";

let firstReason: usize = 0;
let isSecondSaid: bool = false;
const doubleFaultFrame: usize = memory.data(FRAME_SIZE, 4);
/** How many bytes of the epitaph are written. */
let epitaphLength: u32 = 0;

/** Called by panic (panic.asm.ts) and by what finds a trap frame of ring 0: see panicAt. */
export function panicked(reason: usize, frame: TrapFrame, esp: usize): void {
  panicAt(reason, frame, esp);
}

/** Panics with the registers of `frame`; `esp` is what ESP was there. Does not return. */
export function panicAt(reason: usize, frame: TrapFrame, esp: usize): void {
  if (firstReason !== 0) {
    if (!isSecondSaid) {
      isSecondSaid = true;
      print(cstr("\n*** panic while panicking: %s\n"), <u32>reason);
    }
    powerOffPanicked(firstReason);
  }
  firstReason = reason;
  addSink(writeEpitaph.index, endEpitaph.index);
  if (!isConsoleStarted()) startConsole();
  print(cstr("\n*** kernel panic: %s\n"), <u32>reason);
  printSpaces();
  printRegisters(frame, esp);
  printBacktrace(frame.eip, esp);
  printOrigin(esp);
  powerOffPanicked(reason);
}

/** The processor could not deliver an exception: `tss` has the state. Does not return. */
export function doubleFault(tss: usize): void {
  const frame = changetype<TrapFrame>(doubleFaultFrame);
  memory.fill(doubleFaultFrame, 0, FRAME_SIZE);
  frame.eax = load<u32>(tss, TSS_EAX);
  frame.ebx = load<u32>(tss, TSS_EBX);
  frame.ecx = load<u32>(tss, TSS_ECX);
  frame.edx = load<u32>(tss, TSS_EDX);
  frame.esi = load<u32>(tss, TSS_ESI);
  frame.edi = load<u32>(tss, TSS_EDI);
  frame.ebp = load<u32>(tss, TSS_EBP);
  frame.eip = load<u32>(tss, TSS_EIP);
  frame.cs = load<u32>(tss, TSS_CS);
  frame.eflags = load<u32>(tss, TSS_EFLAGS);
  panicAt(cstr("trap: double fault"), frame, load<u32>(tss, TSS_ESP));
}

/** Keeps what is printed for an inspector outside, NUL-terminated, as far as there is room. */
function writeEpitaph(byte: u32): void {
  if (epitaphLength < EPITAPH_SIZE - 1) store<u8>(symbols.epitaph() + epitaphLength++, byte);
}

/** The epitaph lies in .bss, so it ends in NUL at any moment. */
function endEpitaph(): void {}

/** If the kernel works for a process: what that was doing. */
function printOrigin(esp: usize): void {
  const process = currentProcess();
  if (changetype<usize>(process) === 0 || process.program === null) return;
  if (currentThread.stackTop - esp > KERNEL_STACK_SIZE) return;
  print(cstr("called by %s[%u]\n"), <u32>process.name, process.pid);
  printWhere(process, currentThread.frame);
}

function printSpaces(): void {
  const process = currentProcess();
  if (changetype<usize>(process) !== 0) {
    print(cstr("process %u (%s), cr3 %p"), process.pid, <u32>process.name, process.cr3);
  } else print(cstr("no process yet"));
  print(cstr("; kernel cr3 %p\n"), kernelCr3());
  print(cstr("%u of %u frames free\n"), freeFrameCount(), totalFrameCount());
}

function printRegisters(frame: TrapFrame, esp: usize): void {
  print(cstr("eax %p  ebx %p  ecx %p  edx %p\n"), frame.eax, frame.ebx, frame.ecx, frame.edx);
  print(cstr("esi %p  edi %p  ebp %p  esp %p\n"), frame.esi, frame.edi, frame.ebp, <u32>esp);
  print(cstr("eip %p  eflags %p  cs %x\n"), frame.eip, frame.eflags, frame.cs & 0xffff);
  print(
    cstr("cr0 %p  cr2 %p  cr3 %p  cr4 %p\n"),
    x86.readcr0(),
    x86.readcr2(),
    x86.readcr3(),
    x86.readcr4(),
  );
}
