// Where a round of relay.ts begins and where it is interrupted: the tests stop in these functions,
// and count instructions from one round to the next.

import type { Assembler } from "../src/x86/assembler";

export default function relay(a: Assembler): void {
  a.section(".text");
  for (const name of ["roundBegins", "interruptionComes"]) a.function(name, () => a.ret());
}
