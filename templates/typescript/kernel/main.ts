// The boot sequence, and the functions that assembly calls.
//
// `_start` (boot.asm.ts) calls bootBeforePaging, then kernelMain on the same stack, which is left
// for good when the user program starts.

import { enter_user } from "./assembly";
import { clearScreen, print, printHex } from "./console";
import { loadDescriptors } from "./descriptors";
import { buildDirectories, turnPagingOn, USER_STACK_TOP } from "./spaces";
import { trampoline_text_load, trampoline_text_start, user_text_start } from "./symbols";

// For the trampoline.
export { exception, systemCall } from "./system-call";

/** What must happen while every address is still physical. */
export function bootBeforePaging(): void {
  clearScreen();
  print(cstr("kernel: hello\n"));
  buildDirectories();
  turnPagingOn();
}

/** Everything else: from here on the trampoline is where it was linked. Does not return. */
export function kernelMain(): void {
  loadDescriptors();
  print(cstr("kernel: the trampoline is at "));
  printHex(<u32>trampoline_text_start());
  print(cstr(", loaded at "));
  printHex(<u32>trampoline_text_load());
  print(cstr("\n"));
  enter_user(user_text_start(), USER_STACK_TOP);
}
