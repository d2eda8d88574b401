// How much room callers must leave on the stack for a module's tail calls.
//
// A call that a function ends with puts its arguments where the function's own are, which its
// caller has made room for. Mostly that is enough, as three words are in registers; where it is
// not, all callers of the module leave as much as the largest tail call needs
// (calling-convention.ts).

import { stackWords, tailWords } from "../code/calling-convention";
import type { Target } from "../code/target";
import type { Signature } from "../ir/ir";
import { Op } from "../wasm/opcodes";
import type { WasmFunction, WasmModule } from "../wasm/wasm";
import { signatureOf } from "./signature";
import { UnsupportedCode } from "./unsupported-code";

interface TailCall {
  readonly caller: Signature;
  readonly callee: Signature;
  readonly isIndirect: boolean;
}

/**
 * The machine, with the room that the module needs.
 *
 * @throws UnsupportedCode if code outside of the module would have to leave room as well
 */
export function withTailCalls(machine: Target, module: WasmModule): Target {
  const calls = module.functions.flatMap((each) => tailCallsIn(module, each));
  if (calls.every((each) => fits(each, machine))) return machine;
  refuseStrangers(module);
  const words = calls.flatMap(({ caller, callee, isIndirect }) => [
    stackWords(caller, machine),
    tailWords(callee, machine, isIndirect),
  ]);
  const convention = { ...machine.convention, tailWords: Math.max(...words) };
  return { ...machine, convention };
}

function tailCallsIn(module: WasmModule, { typeIndex, body }: WasmFunction): TailCall[] {
  const calls: TailCall[] = [];
  if (!body) return calls;
  const signature = (index: number) => signatureOf(module.types[index]!, body.offset);
  const { length, op, a } = body.code;
  for (let i = 0; i < length; i++) {
    const isIndirect = op[i] === Op.return_call_indirect;
    if (!isIndirect && op[i] !== Op.return_call) continue;
    const callee = isIndirect ? a[i]! : module.functions[a[i]!]!.typeIndex;
    calls.push({ caller: signature(typeIndex), callee: signature(callee), isIndirect });
  }
  return calls;
}

/** Whether what the caller's own caller has left is enough, and results are where it looks. */
function fits({ caller, callee, isIndirect }: TailCall, machine: Target): boolean {
  const own = stackWords(caller, machine);
  const hasOthers = callee.results.length > 1;
  if (hasOthers && stackWords(callee, machine) !== own) return false;
  return tailWords(callee, machine, isIndirect) <= own;
}

/** Others call what is in a shared table, and functions with several results leave them above. */
function refuseStrangers({ functions, tables, exports, types }: WasmModule): void {
  const what = "tail calls with more arguments on the stack than their caller has";
  const isShared =
    tables.some(({ imported }) => imported) || exports.some((each) => each.kind === "table");
  if (isShared) throw new UnsupportedCode(`${what}, in a module that shares a table`, 0);
  const strange = functions.find(
    ({ imported, typeIndex }) => imported && types[typeIndex]!.results.length > 1,
  );
  if (!strange) return;
  throw new UnsupportedCode(`${what}, beside the import ${strange.name} of several results`, 0);
}
