// Pass: an image whose file would be mostly gaps, and large, mostly for an address that is wrong.

import { Diagnostic } from "../../base/diagnostic";
import type { ScriptOutput } from "./model";

/** How much larger a file may be than what is linked into it. */
const MOST_GAPS = 2 ** 28;

/** @param offsets where loaded sections are in the file  @throws Diagnostic SCRIPT013 */
export function refuseHugeFile(
  outputs: readonly ScriptOutput[],
  offsets: ReadonlyMap<ScriptOutput, number>,
): void {
  const largest = MOST_GAPS + contentOf(outputs);
  let end = 0;
  for (const output of outputs) {
    if (!output.isInFile || output.isNoBits) continue;
    const loaded = offsets.get(output);
    const room = loaded === undefined ? end + Number(output.align) : loaded;
    end = Math.max(end, room + Number(output.size));
    if (end > largest) throw hugeFile(output, end);
  }
}

/** The same for the file of the loaded bytes of `outputs` alone, `size` bytes up to `last`. */
export function refuseHugeFlatFile(
  outputs: readonly ScriptOutput[],
  last: ScriptOutput | undefined,
  size: bigint,
): void {
  if (last && size > MOST_GAPS + contentOf(outputs)) throw hugeFile(last, Number(size));
}

/** The bytes of all inputs. */
function contentOf(outputs: readonly ScriptOutput[]): number {
  const inputs = outputs.filter(({ isNoBits }) => !isNoBits).flatMap(({ placed }) => placed.inputs);
  return inputs.reduce((sum, { size }) => sum + size, 0);
}

function hugeFile({ name, statement }: ScriptOutput, size: number): Diagnostic {
  const text = `with section ${name} the file would be ${size} bytes long`;
  const remedy = "Look for a wrong address or alignment, or leave bytes out: (NOLOAD).";
  const place = statement.place.line === undefined ? undefined : statement.place;
  return new Diagnostic("SCRIPT013", text, remedy, place);
}
