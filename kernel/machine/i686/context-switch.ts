// The context switch as TypeScript sees it, and the stack of a thread that has not run yet.
//
//   a new thread's kernel stack, from the top
//     trap frame                what it returns to user mode with
//     return_to_user            where beforeUserReturn returns to
//     beforeUserReturn          where switch_stack returns to
//     EBP, EDI, ESI, EBX        what switch_stack pops             <- its saved ESP

import * as symbols from "./symbols";

/** Bytes that switch_stack pops before it returns. */
const SAVED_REGISTERS: u32 = 16;

/** context-switch.asm.ts: saves this stack's ESP at `saveOld` and goes on from `newEsp`. */
export declare function switch_stack(saveOld: usize, newEsp: usize): void;

/**
 * Prepares a stack whose trap frame is at `frame` so that the first switch to it ends in user mode,
 * and returns the ESP to switch to. The switch goes through the function that every way to user
 * mode goes through, as if called just before return_to_user: a signal may come before the first
 * switch does.
 */
export function prepareStack(frame: usize): usize {
  const returnTo = frame - sizeof<usize>();
  const goTo = returnTo - sizeof<usize>();
  store<usize>(returnTo, symbols.return_to_user());
  store<usize>(goTo, symbols.beforeUserReturn());
  const esp = goTo - SAVED_REGISTERS;
  memory.fill(esp, 0, SAVED_REGISTERS);
  return esp;
}
