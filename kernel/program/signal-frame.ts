// The stack frame of a signal handler: built when a signal is delivered, and taken back by
// sigreturn(2). src/abi/signal-frame.ts draws it.
//
// What comes back is an allegation like any user's data: only registers are taken from it that a
// program may set anyway, the selectors are constants, EFLAGS is masked on the way out, and bits of
// MXCSR that the processor lacks are cleared, because FXRSTOR would fault on them in ring 0. A
// forged frame hurts nobody but its maker (law 7).
//
// Where a handler returns to: its restorer, or the page of signal-return.ts.

import { EFAULT } from "../../src/abi/errno";
import { USER_END } from "../../src/abi/memory-map";
import {
  CONTEXT_CR2,
  CONTEXT_CS,
  CONTEXT_EAX,
  CONTEXT_EBP,
  CONTEXT_EBX,
  CONTEXT_ECX,
  CONTEXT_EDI,
  CONTEXT_EDX,
  CONTEXT_EFLAGS,
  CONTEXT_EIP,
  CONTEXT_ERROR,
  CONTEXT_ESI,
  CONTEXT_ESP,
  CONTEXT_FPSTATE,
  CONTEXT_OLD_MASK,
  CONTEXT_SS,
  CONTEXT_USER_ESP,
  CONTEXT_VECTOR,
  FPSTATE_FXSAVE,
  FPSTATE_SIZE,
  RT_SIGFRAME_INFO,
  RT_SIGFRAME_SIZE,
  RT_SIGFRAME_UCONTEXT,
  SIGCONTEXT_SIZE,
  SIGFRAME_CONTEXT,
  SIGFRAME_HIGH_MASK,
  SIGFRAME_SIZE,
  SIGINFO_CODE,
  SIGINFO_PID,
  SIGINFO_USER,
  SIGINFO_VALUE,
  UCONTEXT_CONTEXT,
  UCONTEXT_MASK,
  UCONTEXT_STACK,
} from "../../src/abi/signal-frame";
import { SA_ONSTACK, SA_RESTORER, SA_SIGINFO, SS_DISABLE, SS_ONSTACK } from "../../src/abi/signals";
import {
  clearFloatingPoint,
  FLOATING_POINT_SIZE,
  FXSAVE_INSTRUCTION,
  FXSAVE_OPCODE,
  FXSAVE_OPERAND,
  hasFloatingPoint,
  keepKnownMxcsr,
  loadFloatingPoint,
  saveFloatingPoint,
} from "../machine/i686/floating-point";
import { TrapFrame } from "../machine/i686/trap-frame";
import { currentSpace } from "../memory/space";
import { copyIn, copyOut, userPointer } from "../memory/user-memory";
import { SignalAction } from "../process/signal-actions";
import { SignalNote } from "../process/signal-note";
import { currentThread, Thread } from "../thread/thread";
import { RT_RETURN_CODE, returnPage } from "./signal-return";

const FPSTATE_ALIGNMENT: u32 = 64;
/** The psABI wants ESP + 4 to be a multiple of this where a function begins. */
const STACK_ALIGNMENT: u32 = 16;
const WORD: u32 = 4;
const HALF: u32 = 32;

// From ESP to the floating-point state, which is aligned: in both frames the same for all stacks.
const FRAME_MASK: u32 = STACK_ALIGNMENT - 1;
const SHORT_DISTANCE: u32 = ((SIGFRAME_SIZE - WORD + FRAME_MASK) & ~FRAME_MASK) + WORD;
const LONG_DISTANCE: u32 = ((RT_SIGFRAME_SIZE - WORD + FRAME_MASK) & ~FRAME_MASK) + WORD;
/** Where a frame begins that its state may be aligned as on the stack. */
const FRAME_START: u32 = STACK_ALIGNMENT - WORD;

// Frames on their way. No thread blocks while they are in use.
//
// What a handler finds: a frame of either kind and, where both will be on its stack, the
// floating-point state. Of the words between, those that mean nothing on this machine are never
// written, nor is anything else but what each frame of the kind writes anew: so they are 0, and
// nothing is left of an earlier frame, which was another program's (law 5).
const shortFrame: usize = memory.data(FRAME_START + SHORT_DISTANCE + FPSTATE_SIZE, 16);
const longFrame: usize = memory.data(FRAME_START + LONG_DISTANCE + FPSTATE_SIZE, 16);
/** What a handler has left. */
const frameBytes: usize = memory.data(288, 16);
const takenFloatingPoint: usize = memory.data(FLOATING_POINT_SIZE, 16);

/**
 * Makes the current thread run the handler of `action` for the signal of `note` when it returns to
 * user mode, and come back to where `frame` says. `mask` is what is restored then. 0, or -EFAULT or
 * -ENOMEM when there is no room for it on the user's stack: nothing has changed.
 */
export function buildSignalFrame(
  frame: TrapFrame,
  action: SignalAction,
  note: SignalNote,
  mask: u64,
): i32 {
  const thread = currentThread;
  const isLong = (action.flags & SA_SIGINFO) !== 0;
  const size = isLong ? RT_SIGFRAME_SIZE : SIGFRAME_SIZE;
  const top = chooseStack(thread, frame, action);
  const state = hasFloatingPoint() ? (top - FPSTATE_SIZE) & ~(FPSTATE_ALIGNMENT - 1) : 0;
  const below = state !== 0 ? state : top;
  const esp = ((below - size + WORD) & ~(STACK_ALIGNMENT - 1)) - WORD;
  if (esp > frame.esp && esp > top) return -EFAULT; // it wrapped at 0
  const returnTo = returnAddress(action, isLong);
  if (returnTo === 0) return -EFAULT;
  // The state follows the frame here as it does on the stack, so one copy takes both there.
  const at = (isLong ? longFrame : shortFrame) + FRAME_START;
  store<u32>(at, returnTo);
  store<u32>(at, note.signal, WORD);
  if (isLong) putLongFrame(at, esp, thread, frame, note, mask, state);
  else {
    putContext(at + SIGFRAME_CONTEXT, thread, frame, mask, state);
    store<u32>(at, <u32>(mask >> HALF), SIGFRAME_HIGH_MASK);
  }
  let length = size;
  if (state !== 0) {
    const distance = isLong ? LONG_DISTANCE : SHORT_DISTANCE;
    putFloatingPoint(at + distance);
    length = distance + FPSTATE_SIZE;
  }
  const result = copyOut(userPointer(esp), at, length);
  if (result !== 0) return result;
  enterHandler(frame, action, note.signal, esp, isLong);
  return 0;
}

function putLongFrame(
  at: usize,
  esp: u32,
  thread: Thread,
  frame: TrapFrame,
  note: SignalNote,
  mask: u64,
  state: u32,
): void {
  store<u32>(at, esp + RT_SIGFRAME_INFO, 8);
  store<u32>(at, esp + RT_SIGFRAME_UCONTEXT, 12);
  putInfo(at + RT_SIGFRAME_INFO, note);
  const context = at + RT_SIGFRAME_UCONTEXT;
  putAlternativeStack(context + UCONTEXT_STACK, thread, frame.esp);
  putContext(context + UCONTEXT_CONTEXT, thread, frame, mask, state);
  store<u64>(context, mask, UCONTEXT_MASK);
}

/** A siginfo_t of what came with a signal, but for the words that are 0 in all of them. */
export function putInfo(to: usize, note: SignalNote): void {
  const isFault = note.isFault;
  store<u32>(to, note.signal);
  store<i32>(to, note.code, SIGINFO_CODE);
  store<u32>(to, isFault ? note.value : note.pid, SIGINFO_PID);
  store<u32>(to, isFault ? 0 : note.user, SIGINFO_USER);
  store<u32>(to, isFault ? 0 : note.value, SIGINFO_VALUE);
}

/** A stack_t of the thread's alternative stack, as seen with that ESP. */
export function putAlternativeStack(to: usize, thread: Thread, esp: u32): void {
  const isOnIt = thread.isOnAlternativeStack(esp);
  const flags = thread.alternativeSize === 0 ? SS_DISABLE : isOnIt ? SS_ONSTACK : 0;
  store<u32>(to, thread.alternativeStack);
  store<u32>(to, flags, 4);
  store<u32>(to, thread.alternativeSize, 8);
}

/** Where the frame's stack begins, downwards. */
function chooseStack(thread: Thread, frame: TrapFrame, action: SignalAction): u32 {
  const isWanted = (action.flags & SA_ONSTACK) !== 0 && thread.alternativeSize !== 0;
  if (!isWanted || thread.isOnAlternativeStack(frame.esp)) return frame.esp;
  return thread.alternativeStack + thread.alternativeSize;
}

function putContext(to: usize, thread: Thread, frame: TrapFrame, mask: u64, state: u32): void {
  store<u32>(to, frame.edi, CONTEXT_EDI);
  store<u32>(to, frame.esi, CONTEXT_ESI);
  store<u32>(to, frame.ebp, CONTEXT_EBP);
  store<u32>(to, frame.esp, CONTEXT_ESP);
  store<u32>(to, frame.ebx, CONTEXT_EBX);
  store<u32>(to, frame.edx, CONTEXT_EDX);
  store<u32>(to, frame.ecx, CONTEXT_ECX);
  store<u32>(to, frame.eax, CONTEXT_EAX);
  store<u32>(to, frame.vector, CONTEXT_VECTOR);
  store<u32>(to, frame.error, CONTEXT_ERROR);
  store<u32>(to, frame.eip, CONTEXT_EIP);
  store<u32>(to, frame.cs, CONTEXT_CS);
  store<u32>(to, frame.eflags, CONTEXT_EFLAGS);
  store<u32>(to, frame.esp, CONTEXT_USER_ESP);
  store<u32>(to, frame.ss, CONTEXT_SS);
  store<u32>(to, state, CONTEXT_FPSTATE);
  store<u32>(to, <u32>mask, CONTEXT_OLD_MASK);
  store<u32>(to, thread.faultAddress, CONTEXT_CR2);
}

/** The registers, in both forms that a program may look for. */
function putFloatingPoint(to: usize): void {
  const saved = to + FPSTATE_FXSAVE;
  // Where AMD's FXSAVE writes nothing without an exception: another program's would be left there.
  store<u16>(saved, 0, FXSAVE_OPCODE);
  store<u64>(saved, 0, FXSAVE_INSTRUCTION);
  store<u64>(saved, 0, FXSAVE_OPERAND);
  saveFloatingPoint(saved);
  // Control, status and tag words are in both halves; a program that changes one knows the other.
  store<u32>(to, 0xffff0000 | load<u16>(to, FPSTATE_FXSAVE));
  store<u32>(to, 0xffff0000 | load<u16>(to, FPSTATE_FXSAVE + 2), 4);
  store<u32>(to, 0xffffffff, 8);
}

/** The registers with which a handler begins. */
function enterHandler(
  frame: TrapFrame,
  action: SignalAction,
  signal: u32,
  esp: u32,
  isLong: bool,
): void {
  frame.startProgram(action.handler, esp);
  // For handlers that were compiled with -mregparm=3.
  frame.eax = signal;
  frame.edx = isLong ? esp + RT_SIGFRAME_INFO : 0;
  frame.ecx = isLong ? esp + RT_SIGFRAME_UCONTEXT : 0;
}

/** Where the handler returns to, or 0 when out of memory. */
function returnAddress(action: SignalAction, isLong: bool): u32 {
  if ((action.flags & SA_RESTORER) !== 0) return action.restorer;
  const page = returnPage(currentSpace);
  return page === 0 ? 0 : isLong ? page + RT_RETURN_CODE : page;
}

/**
 * Takes back the frame of a handler without SA_SIGINFO, whose address is `at`. 0, and the mask is
 * in restoredMask; or -EFAULT.
 */
export function takeSignalFrame(frame: TrapFrame, at: u32): i32 {
  if (copyIn(userPointer(at), frameBytes, SIGFRAME_SIZE) !== 0) return -EFAULT;
  const context = frameBytes + SIGFRAME_CONTEXT;
  const high = load<u32>(frameBytes, SIGFRAME_HIGH_MASK);
  restoredMask = ((<u64>high) << HALF) | <u64>load<u32>(context, CONTEXT_OLD_MASK);
  return takeContext(frame, context);
}

/** As takeSignalFrame(), of a handler with SA_SIGINFO. */
export function takeLongSignalFrame(frame: TrapFrame, at: u32): i32 {
  if (copyIn(userPointer(at), frameBytes, RT_SIGFRAME_SIZE) !== 0) return -EFAULT;
  const context = frameBytes + RT_SIGFRAME_UCONTEXT;
  restoredMask = load<u64>(context, UCONTEXT_MASK);
  restoredStack = context + UCONTEXT_STACK;
  return takeContext(frame, context + UCONTEXT_CONTEXT);
}

/** What the last frame said: the mask, and the address of a stack_t. */
export let restoredMask: u64 = 0;
export let restoredStack: usize = 0;

function takeContext(frame: TrapFrame, context: usize): i32 {
  const state = load<u32>(context, CONTEXT_FPSTATE);
  const result = takeFloatingPoint(state);
  if (result !== 0) return result;
  frame.startProgram(load<u32>(context, CONTEXT_EIP), load<u32>(context, CONTEXT_USER_ESP));
  frame.eflags = load<u32>(context, CONTEXT_EFLAGS);
  frame.edi = load<u32>(context, CONTEXT_EDI);
  frame.esi = load<u32>(context, CONTEXT_ESI);
  frame.ebp = load<u32>(context, CONTEXT_EBP);
  frame.ebx = load<u32>(context, CONTEXT_EBX);
  frame.edx = load<u32>(context, CONTEXT_EDX);
  frame.ecx = load<u32>(context, CONTEXT_ECX);
  frame.eax = load<u32>(context, CONTEXT_EAX);
  return 0;
}

/** Without an address the registers are cleared, as on Linux. */
function takeFloatingPoint(state: u32): i32 {
  if (!hasFloatingPoint()) return 0;
  const to = takenFloatingPoint;
  const from = userPointer(state + FPSTATE_FXSAVE);
  if (state === 0) clearFloatingPoint(to);
  else if (copyIn(from, to, FLOATING_POINT_SIZE) !== 0) return -EFAULT;
  keepKnownMxcsr(to);
  loadFloatingPoint(to);
  return 0;
}

if (RT_SIGFRAME_SIZE > 288 || SIGFRAME_SIZE > 288) ERROR("frameBytes holds either frame");
if (FPSTATE_ALIGNMENT % STACK_ALIGNMENT !== 0) ERROR("a state is aligned as a stack is");
if (SIGFRAME_CONTEXT + SIGCONTEXT_SIZE > SIGFRAME_HIGH_MASK) ERROR("the context comes first");
if (USER_END % STACK_ALIGNMENT !== 0) ERROR("a stack begins aligned");
