// Pass: an image whose file would be larger than anyone wants, mostly for an address that is wrong.

import { Diagnostic } from "../../base/diagnostic";
import type { ScriptOutput } from "./model";

const LARGEST_FILE = 2 ** 30;

/** @param offsets where loaded sections are in the file  @throws Diagnostic SCRIPT013 */
export function refuseHugeFile(
  outputs: readonly ScriptOutput[],
  offsets: ReadonlyMap<ScriptOutput, number>,
): void {
  let end = 0;
  for (const output of outputs) {
    if (!output.isInFile || output.isNoBits) continue;
    const loaded = offsets.get(output);
    const room = loaded === undefined ? end + Number(output.align) : loaded;
    end = Math.max(end, room + Number(output.size));
    if (end > LARGEST_FILE) throw hugeFile(output, end);
  }
}

/** The same for the file of loaded bytes alone, which is `size` bytes long with `output`. */
export function refuseHugeFlatFile(output: ScriptOutput | undefined, size: bigint): void {
  if (output && size > LARGEST_FILE) throw hugeFile(output, Number(size));
}

function hugeFile({ name, statement }: ScriptOutput, size: number): Diagnostic {
  const text = `with section ${name} the file would be ${size} bytes long`;
  const remedy = "Look for a wrong address or alignment, or leave bytes out: (NOLOAD).";
  const place = statement.place.line === undefined ? undefined : statement.place;
  return new Diagnostic("SCRIPT013", text, remedy, place);
}
