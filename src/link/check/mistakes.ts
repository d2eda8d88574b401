// The table of mistakes: one row for each, in the order of their codes. `check` runs it, `explain`
// prints it.

import type { Mistake } from "./mistake";
import { earlyEnd, loadersMemory, orphan, pastTheEnd } from "./mistakes-addresses";
import { foreignHeader } from "./mistakes-architecture";
import { smallTables, unknownTables, wrongFrames, wrongRights } from "./mistakes-boot-tables";
import { wrongChecksum } from "./mistakes-checksum";
import {
  apTrampoline,
  badEntry,
  halfAddresses,
  positionIndependent,
  tooEarly,
} from "./mistakes-code";
import {
  fixedUnderUefi,
  headerDropped,
  headersTooFar,
  headerTooFar,
  wrongProtocol,
} from "./mistakes-header";
import { limineSegments } from "./mistakes-limine";
import { strangeModule } from "./mistakes-module";
import { loaderRefuses, unusedAllowance } from "./mistakes-request";
import {
  inheritedLoad,
  loadedHigh,
  lostBss,
  oddDistance,
  overlap,
  sparseBinary,
  writableCode,
} from "./mistakes-segments";
import { oldSelector } from "./mistakes-selector";
import { dialects, incompleteShare, openShare, tableBits } from "./mistakes-shared";
import { notLoadedStack, otherVersion } from "./mistakes-startup";
import { strayTags } from "./mistakes-tags";

export const MISTAKES: readonly Mistake[] = [
  writableCode,
  headerTooFar,
  headerDropped,
  headersTooFar,
  overlap,
  orphan,
  oddDistance,
  loadedHigh,
  inheritedLoad,
  pastTheEnd,
  badEntry,
  tooEarly,
  positionIndependent,
  lostBss,
  earlyEnd,
  loadersMemory,
  incompleteShare,
  openShare,
  apTrampoline,
  wrongProtocol,
  sparseBinary,
  limineSegments,
  dialects,
  fixedUnderUefi,
  halfAddresses,
  tableBits,
  strangeModule,
  strayTags,
  wrongChecksum,
  notLoadedStack,
  otherVersion,
  oldSelector,
  smallTables,
  foreignHeader,
  loaderRefuses,
  wrongFrames,
  wrongRights,
  unknownTables,
  unusedAllowance,
];

export function mistakeOf(code: string): Mistake | undefined {
  return MISTAKES.find((mistake) => mistake.code === code.toUpperCase());
}
