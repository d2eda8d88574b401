// What follows from a change of credentials.
//
//   beginChange() -> ids are set -> finishChange()
//
// Capabilities follow the users, and a process that does not act for whom it acted before is
// guarded: those whom it acts for now may not look into what it has from before.

import { Credentials, currentCredentials } from "../thread/credentials";
import { currentProcess } from "./process";

/** The credentials before the change; its groups are only looked at. */
const before = changetype<Credentials>(memory.data(offsetof<Credentials>(), 8));

/** Notes what the running thread's credentials are. */
export function beginChange(): void {
  const who = changetype<usize>(currentCredentials());
  memory.copy(changetype<usize>(before), who, offsetof<Credentials>());
}

/** They have changed. Returns 0. */
export function finishChange(): i32 {
  const who = currentCredentials();
  who.followUsers(before);
  const isSame =
    who.effectiveUser === before.effectiveUser &&
    who.effectiveGroup === before.effectiveGroup &&
    who.fileUser === before.fileUser &&
    who.fileGroup === before.fileGroup;
  if (isSame) return 0;
  const process = currentProcess();
  process.isGuarded = true;
  process.deathSignal = 0;
  return 0;
}
