// On whose behalf a thread acts: users and groups.
//
// See credentials(7). Each thread has a record of its own, which it inherits from the one that made
// it. User 0 may do everything.

@unmanaged
export class Credentials {
  user: u32 = 0;
  effectiveUser: u32 = 0;
  savedUser: u32 = 0;
  /** Whom files see. */
  fileUser: u32 = 0;
  group: u32 = 0;
  effectiveGroup: u32 = 0;
  savedGroup: u32 = 0;
  fileGroup: u32 = 0;

  copyFrom(other: Credentials): void {
    memory.copy(changetype<usize>(this), changetype<usize>(other), offsetof<Credentials>());
  }
}

/** Those of the running thread; before the first runs, the superuser's. */
let current = changetype<Credentials>(memory.data(offsetof<Credentials>(), 4));

export function currentCredentials(): Credentials {
  return current;
}

/** For the scheduler: another thread runs. */
export function setCurrentCredentials(credentials: Credentials): void {
  current = credentials;
}
