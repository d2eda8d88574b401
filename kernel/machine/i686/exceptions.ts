// The processor's exceptions: their names, and the signals that Linux makes of them.

import {
  VECTOR_ALIGNMENT_CHECK,
  VECTOR_BOUND,
  VECTOR_BREAKPOINT,
  VECTOR_DEBUG,
  VECTOR_DEVICE_NOT_AVAILABLE,
  VECTOR_DIVIDE_ERROR,
  VECTOR_FLOATING_POINT,
  VECTOR_GENERAL_PROTECTION,
  VECTOR_INVALID_OPCODE,
  VECTOR_INVALID_TSS,
  VECTOR_NMI,
  VECTOR_OVERFLOW,
  VECTOR_PAGE_FAULT,
  VECTOR_SEGMENT_NOT_PRESENT,
  VECTOR_SIMD,
  VECTOR_STACK_FAULT,
} from "../../../src/abi/descriptors";
import { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP } from "../../../src/abi/signals";

/** The signal for an exception of a user program, as Linux's arch/x86/kernel/traps.c. */
export function signalOf(vector: u32): u32 {
  switch (vector) {
    case VECTOR_DIVIDE_ERROR:
    case VECTOR_FLOATING_POINT:
    case VECTOR_SIMD:
      return SIGFPE;
    case VECTOR_DEBUG:
    case VECTOR_BREAKPOINT:
      return SIGTRAP;
    case VECTOR_INVALID_OPCODE:
    case VECTOR_DEVICE_NOT_AVAILABLE:
      return SIGILL;
    case VECTOR_SEGMENT_NOT_PRESENT:
    case VECTOR_STACK_FAULT:
    case VECTOR_ALIGNMENT_CHECK:
      return SIGBUS;
    default:
      return SIGSEGV;
  }
}

/** What the manual calls the exception. Intel SDM vol. 3A, table 6-1. */
export function exceptionName(vector: u32): usize {
  switch (vector) {
    case VECTOR_DIVIDE_ERROR:
      return cstr("divide error");
    case VECTOR_DEBUG:
      return cstr("debug exception");
    case VECTOR_NMI:
      return cstr("non-maskable interrupt");
    case VECTOR_BREAKPOINT:
      return cstr("breakpoint");
    case VECTOR_OVERFLOW:
      return cstr("overflow");
    case VECTOR_BOUND:
      return cstr("bound range exceeded");
    case VECTOR_INVALID_OPCODE:
      return cstr("invalid opcode");
    case VECTOR_DEVICE_NOT_AVAILABLE:
      return cstr("floating-point instruction: there is no FPU for programs");
    case VECTOR_INVALID_TSS:
      return cstr("invalid TSS");
    case VECTOR_SEGMENT_NOT_PRESENT:
      return cstr("segment not present");
    case VECTOR_STACK_FAULT:
      return cstr("stack-segment fault");
    case VECTOR_GENERAL_PROTECTION:
      return cstr("general protection fault");
    case VECTOR_PAGE_FAULT:
      return cstr("page fault");
    case VECTOR_FLOATING_POINT:
      return cstr("floating-point error");
    case VECTOR_ALIGNMENT_CHECK:
      return cstr("alignment check");
    case VECTOR_SIMD:
      return cstr("SIMD floating-point error");
    default:
      return cstr("unexpected interrupt");
  }
}
