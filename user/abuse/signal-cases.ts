// Cases about signals: frames that no kernel made, handlers and stacks that are not there.
//
// sigreturn takes all registers from the user's stack, so it is where a program may ask for a
// selector of ring 0, for I/O privilege, for an entry in the kernel, or for bits of MXCSR that make
// FXRSTOR fault in ring 0.

import { SystemCall } from "../../src/abi/linux/i386";
import { GUARD_END, PAGE_TABLES, USER_END } from "../../src/abi/memory-map";
import { MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } from "../../src/abi/mman";
import {
  CONTEXT_CS,
  CONTEXT_EFLAGS,
  CONTEXT_EIP,
  CONTEXT_FPSTATE,
  CONTEXT_SS,
  CONTEXT_USER_ESP,
  FPSTATE_FXSAVE,
  FPSTATE_SIZE,
  RT_SIGFRAME_SIZE,
  RT_SIGFRAME_UCONTEXT,
  SIGFRAME_CONTEXT,
  UCONTEXT_CONTEXT,
} from "../../src/abi/signal-frame";
import { SA_ONSTACK, SIGKILL, SIGSEGV, SIGUSR1 } from "../../src/abi/signals";
import { int80, load32, store32 } from "../../src/abi/x86";
import { printHex, printLine } from "../runtime/output";
import { exit, fork, getpid, waitpid } from "../runtime/system-calls";
import { AbuseCase, FLOATING_POINT } from "./case";
import { return_from_signal } from "./machine-code";
import { EXITS } from "./outcome";

const FRAMES: u32 = 60;
const MXCSR: u32 = 24;
const NONE: u32 = 0;
const STACK_SIZE: u32 = 0x2000;
/** Of what FXSAVE has room for, behind the eight registers that there are. */
const UNUSED: u32 = 288;
const UNUSED_END: u32 = 512;

const frame: usize = memory.data(512, 64);
const state: usize = memory.data(FPSTATE_SIZE, 64);
const action: usize = memory.data(32, 8);
const status: usize = memory.data(4, 4);

/** Where no program may be. */
const addresses: StaticArray<u32> = [
  0,
  8,
  PAGE_TABLES,
  USER_END,
  GUARD_END,
  0xfffff000,
  0xffffffff,
];
/** Selectors and flags that no program may have. */
const values: StaticArray<u32> = [0, 0x08, 0x10, 0x28, 0x33, 0x3000, 0x20000, 0x100000, 0xffffffff];

let seed: u32 = 1;

export function signalCases(): AbuseCase[] {
  return [
    new AbuseCase("forged-signal-frames", EXITS, forgedFrames),
    new AbuseCase("signal-frames-at-bad-addresses", EXITS, framesAtBad),
    new AbuseCase("hostile-floating-point-state", EXITS, hostileState),
    new AbuseCase("floating-point-state-of-others", EXITS, stateOfOthers, 0, FLOATING_POINT),
    new AbuseCase("handlers-at-bad-addresses", EXITS, handlersAtBad),
    new AbuseCase("handlers-on-bad-stacks", EXITS, handlersOnBadStacks),
    new AbuseCase("signals-in-a-row", EXITS, storm),
  ];
}

/** Random words in every field, with registers of ring 0 among them: the child may only die. */
function forgedFrames(): i32 {
  let failures: i32 = 0;
  for (let i: u32 = 0; i < FRAMES; i++) {
    seed = i + 1;
    for (let offset: u32 = 0; offset < RT_SIGFRAME_SIZE; offset += 4) {
      store32(frame + offset, random());
    }
    const isLong = (i & 1) === 0;
    const context = isLong ? RT_SIGFRAME_UCONTEXT + UCONTEXT_CONTEXT : SIGFRAME_CONTEXT;
    store32(frame + context + CONTEXT_EIP, choose(addresses));
    store32(frame + context + CONTEXT_CS, choose(values));
    store32(frame + context + CONTEXT_EFLAGS, choose(values));
    store32(frame + context + CONTEXT_USER_ESP, choose(addresses));
    store32(frame + context + CONTEXT_SS, choose(values));
    if ((i & 2) === 0) store32(frame + context + CONTEXT_FPSTATE, choose(addresses));
    failures += diesOf(isLong, frame);
  }
  return failures;
}

function framesAtBad(): i32 {
  let failures: i32 = 0;
  for (let i: i32 = 0; i < addresses.length; i++) {
    failures += diesOf(true, addresses[i]);
    failures += diesOf(false, addresses[i]);
  }
  return failures;
}

/** MXCSR with bits that no processor has, and an image of FXSAVE full of ones. */
function hostileState(): i32 {
  memory.fill(frame, 0, RT_SIGFRAME_SIZE);
  memory.fill(state, 0xff, FPSTATE_SIZE);
  store32(state + FPSTATE_FXSAVE + MXCSR, 0xffffffff);
  const context = RT_SIGFRAME_UCONTEXT + UCONTEXT_CONTEXT;
  store32(frame + context + CONTEXT_FPSTATE, state);
  return diesOf(true, frame);
}

/**
 * What the kernel has seen of one process's state, it writes on no other's stack: where FXSAVE
 * writes nothing, there are zeros. The child's frame lies where its parent can read it.
 */
function stateOfOthers(): i32 {
  if (hostileState() !== 0) return 1;
  const prot = PROT_READ | PROT_WRITE;
  const flags = MAP_SHARED | MAP_ANONYMOUS;
  const stack = int80(SystemCall.mmap2, 0, STACK_SIZE, prot, flags, -1, 0);
  const child = fork();
  if (child === 0) {
    store32(frame, stack);
    store32(frame + 4, 0);
    store32(frame + 8, STACK_SIZE);
    int80(SystemCall.sigaltstack, frame, 0, 0, 0, 0, 0);
    handle(USER_END, SA_ONSTACK);
    int80(SystemCall.kill, getpid(), SIGUSR1, 0, 0, 0, 0);
    exit(0);
  }
  if (endsBySignal(child) !== 0) return 1;
  const saved = ((stack + STACK_SIZE - FPSTATE_SIZE) & ~63) + FPSTATE_FXSAVE;
  let failures = load32(saved + MXCSR) === 0 ? 1 : 0; // no state is there
  for (let offset = UNUSED; offset < UNUSED_END; offset += 4) {
    if (load32(saved + offset) !== 0) failures++;
  }
  return failures;
}

/** A child that returns from a signal it never had: 0 if it ends by a signal. */
function diesOf(isLong: bool, at: usize): i32 {
  const child = fork();
  if (child === 0) {
    const number = isLong ? SystemCall.rt_sigreturn : SystemCall.sigreturn;
    return_from_signal(at + (isLong ? 4 : 8), number);
    exit(0);
  }
  return endsBySignal(child);
}

function endsBySignal(child: i32): i32 {
  waitpid(child, status, 0);
  const code = load32(status);
  if ((code & 0x7f) !== 0) return 0;
  printHex(code);
  printLine(": a child went on from a frame that it made up");
  return 1;
}

function handlersAtBad(): i32 {
  let failures: i32 = 0;
  for (let i: i32 = 1; i < addresses.length; i++) {
    const child = fork();
    if (child === 0) {
      handle(addresses[i], NONE);
      int80(SystemCall.kill, getpid(), SIGUSR1, 0, 0, 0, 0);
      exit(0);
    }
    failures += endsBySignal(child);
  }
  return failures;
}

/** The alternative stack is nowhere, or the kernel's: the program ends, as without a stack. */
function handlersOnBadStacks(): i32 {
  let failures: i32 = 0;
  for (let i: i32 = 0; i < addresses.length; i++) {
    const child = fork();
    if (child === 0) {
      store32(frame, addresses[i] & ~0xfff);
      store32(frame + 4, 0);
      store32(frame + 8, 0x4000);
      if (int80(SystemCall.sigaltstack, frame, 0, 0, 0, 0, 0) !== 0) exit(1);
      handle(0x1000, SA_ONSTACK);
      int80(SystemCall.kill, getpid(), SIGUSR1, 0, 0, 0, 0);
      exit(0);
    }
    waitpid(child, status, 0);
    if ((load32(status) & 0x7f) !== SIGSEGV) failures++;
  }
  return failures;
}

/** Many signals to one that blocks them, and to one that dies of them. */
function storm(): i32 {
  const child = fork();
  while (child === 0) int80(SystemCall.pause, 0, 0, 0, 0, 0, 0);
  for (let i: u32 = 0; i < 2000; i++) {
    int80(SystemCall.kill, child, 18 + (i & 1) * 10, 0, 0, 0, 0); // SIGCONT, SIGWINCH: nothing
    if (i % 100 === 50) int80(SystemCall.kill, child, 19, 0, 0, 0, 0); // SIGSTOP
  }
  int80(SystemCall.kill, child, SIGKILL, 0, 0, 0, 0);
  waitpid(child, status, 0);
  return load32(status) === SIGKILL ? 0 : 1;
}

function handle(handler: u32, flags: u32): void {
  store32(action, handler);
  store32(action + 4, flags);
  store32(action + 8, 0);
  store32(action + 12, 0);
  store32(action + 16, 0);
  int80(SystemCall.rt_sigaction, SIGUSR1, action, 0, 8, 0, 0);
}

function choose(from: StaticArray<u32>): u32 {
  return from[random() % <u32>from.length];
}

/** xorshift32. */
function random(): u32 {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}
