// The registers that some x86 instructions take without naming them, by what the manual calls them
// (SDM vol. 1, 3.4.1). They are the same in 32-bit and in 64-bit code.

import { eax, ebp, ebx, ecx, edi, edx, esi } from "../../x86/registers";
import { numberOf } from "../code/code";

/** Products, dividends, quotients; input and output. */
export const ACCUMULATOR = numberOf(eax);
/** The upper half of a product or dividend, the remainder; the number of a port. */
export const DATA = numberOf(edx);
/** Counts of shifts and of string instructions. */
export const COUNTER = numberOf(ecx);
/** `cpuid` writes it. */
export const BASE = numberOf(ebx);

/** A system call's number, then its arguments, as Linux on i386 has them. */
export const SYSTEM_CALL: readonly number[] = [eax, ebx, ecx, edx, esi, edi, ebp].map(numberOf);
