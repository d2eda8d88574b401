// System calls that Linux has on i386 and not on its 64-bit machines: successors of calls that ran
// out of bits there, and ways of saying what another call says as well.

import { INTEGER, WAIT_FLAGS, WAIT_STATUS } from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { waitpid } from "./process";

/** Declares those calls: see table.ts. */
export function declareI386Calls(): void {
  call(SystemCall.waitpid, waitpid.index, INTEGER, WAIT_STATUS, WAIT_FLAGS);
}
