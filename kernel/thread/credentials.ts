// On whose behalf a thread acts: users and groups, and what follows from them.
//
// See credentials(7). Every thread has a copy of its own, which it inherits.

/** As many supplementary groups as a thread may have. */
export const GROUPS_MAX: u32 = 32;

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
}

/** All of them 0: the superuser, who may do everything. */
const superuser = changetype<Credentials>(memory.data(offsetof<Credentials>(), 4));

/** Those of the running thread. */
export function currentCredentials(): Credentials {
  return superuser;
}
