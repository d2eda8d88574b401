// The cases of abuse.asm.ts: a table of name, code, outcomes and needs.

import { load32 } from "../../src/abi/x86";
import { fromC } from "../runtime/text";
import { AbuseCase } from "./case";
import * as symbols from "./symbols";

const ENTRY_SIZE: usize = 16;

export function machineCases(): AbuseCase[] {
  const cases: AbuseCase[] = [];
  for (let at = symbols.machine_cases(); load32(at) !== 0; at += ENTRY_SIZE) {
    const name = fromC(load32(at));
    cases.push(new AbuseCase(name, load32(at + 8), never, load32(at + 4), load32(at + 12)));
  }
  return cases;
}

function never(): i32 {
  return 1;
}
