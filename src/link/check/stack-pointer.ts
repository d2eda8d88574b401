// Constants that code puts into the stack pointer: `mov $stack_top, %esp`, `lea stack_top, %esp`.

import type { Subject } from "./subject";

export interface StackPointer {
  /** The address of the instruction. */
  readonly from: bigint;
  /** Modulo 2^32. */
  readonly value: number;
}

/** `mov $imm32, %esp`; `mov $imm32, %rsp`; `lea disp32, %esp`. */
const INSTRUCTIONS = [[0xbc], [0x48, 0xc7, 0xc4], [0x8d, 0x25]] as const;

export function stackPointers({ sections }: Subject): StackPointer[] {
  return sections
    .filter(({ execute }) => execute)
    .flatMap(({ bytes, address }) =>
      INSTRUCTIONS.flatMap((opcode) =>
        placesOf(opcode, bytes).map(({ at, value }) => ({ from: address + BigInt(at), value })),
      ),
    );
}

function placesOf(opcode: readonly number[], bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first = 0] = opcode;
  const found: { at: number; value: number }[] = [];
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    const field = at + opcode.length;
    if (field + 4 > bytes.length) break;
    const isThere = opcode.every((byte, index) => bytes[at + index] === byte);
    if (isThere) found.push({ at, value: view.getUint32(field, true) });
  }
  return found;
}
