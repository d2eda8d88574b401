// Which bits of a value can be set, as far as its operation and those of its operands show: a mask
// that keeps all of these changes nothing. It looks no deeper, so that asking stays cheap.

import { isComparison } from "./counterparts";
import { isConst, resolve, type Value } from "./ir";

/** The most operands of a phi that are looked at. */
const MAX_CHOICES = 8;

/** A mask of the bits of `value` that can be set. */
export function possibleBits(value: Value): number {
  switch (value.op) {
    case "const":
      return value.immediate;
    case "load8_u":
      return 0xff;
    case "load16_u":
      return 0xffff;
    case "clz":
    case "ctz":
    case "popcnt":
      return 0x3f;
    case "and": {
      const [a, b] = value.args as [Value, Value];
      return isConst(b) ? b.immediate & shallowBits(a) : -1;
    }
    case "shr": {
      const [, count] = value.args as [Value, Value];
      return isConst(count) ? -1 >>> count.immediate : -1;
    }
    default:
      return isComparison(value) ? 1 : -1;
  }
}

/** The same for whatever a phi may be, once its function is built: till then it lacks operands. */
export function possibleBitsOfPhi(phi: Value): number {
  if (phi.args.length > MAX_CHOICES) return -1;
  let bits = 0;
  for (const each of phi.args) {
    const choice = resolve(each);
    if (choice !== phi) bits |= shallowBits(choice);
  }
  return bits;
}

function shallowBits(value: Value): number {
  if (isConst(value)) return value.immediate;
  if (value.op === "load8_u") return 0xff;
  if (value.op === "load16_u") return 0xffff;
  return isComparison(value) ? 1 : -1;
}
