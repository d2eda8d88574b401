// How full the memory regions of a script are, as GNU ld's --print-memory-usage has it.
//
//      Memory region         Used Size  Region Size  %age Used
//                 rom:         316 B         1 MB      0.03%

import type { Region } from "../by-script/model";

const UNITS = ["B", "KB", "MB", "GB"] as const;
const UNIT = 1024n;

/** The table's text, without the last line's end. */
export function memoryUsage(regions: readonly Region[]): string {
  const rows = regions.map((region) => {
    const length = region.length ?? 0n;
    const used = region.current - region.origin;
    const share = length > 0n ? `${((Number(used) * 100) / Number(length)).toFixed(2)}%` : "";
    const name = `${region.name}:`.padStart(17);
    return `${name} ${sizeOf(used)} ${sizeOf(length)} ${share.padStart(10)}`;
  });
  return ["Memory region         Used Size  Region Size  %age Used", ...rows].join("\n");
}

/** In the largest unit of which it is a whole number. */
function sizeOf(value: bigint): string {
  let rest = value;
  let unit = 0;
  while (rest !== 0n && rest % UNIT === 0n && unit < UNITS.length - 1) {
    rest /= UNIT;
    unit += 1;
  }
  return `${`${rest} ${UNITS[unit]}`.padStart(unit === 0 ? 11 : 12)}${unit === 0 ? " " : ""}`;
}
