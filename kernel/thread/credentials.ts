// On whose behalf a thread acts: users, groups and capabilities.
//
// See credentials(7), capabilities(7). Each thread has a record of its own, which it inherits from
// the one that made it. Capabilities are remembered by what is missing, so a record of zeros is the
// superuser's, who lacks none.
//
// Invariant: a record holds a reference of its list of groups; copyFrom() and release() see to it.

import { LAST_CAPABILITY } from "../../src/abi/linux/capability";
import { allocate, free } from "../memory/heap";

const WORD_SHIFT: u32 = 2;
export const ALL_CAPABILITIES: u64 = ((<u64>1) << (LAST_CAPABILITY + 1)) - 1;
/** Those about files, which go and come with the user whom files see. */
const FILE_CAPABILITIES: u64 = ((<u64>1) << 32) | 0x0800021f;

/** Supplementary groups: the record, then the ids. Threads share it, and nothing changes it. */
@unmanaged
export class GroupList {
  references: u32 = 0;
  count: u32 = 0;

  /** The address of the first id. */
  get ids(): usize {
    return changetype<usize>(this) + offsetof<GroupList>();
  }

  at(index: u32): u32 {
    return load<u32>(this.ids + (index << WORD_SHIFT));
  }

  put(index: u32, group: u32): void {
    store<u32>(this.ids + (index << WORD_SHIFT), group);
  }

  /** One reference fewer; the last one frees the list. */
  release(): void {
    this.references--;
    if (this.references === 0) free(changetype<usize>(this));
  }

  has(group: u32): bool {
    for (let i: u32 = 0; i < this.count; i++) if (this.at(i) === group) return true;
    return false;
  }
}

/** A list of `count` ids with one reference, to be filled; null when out of memory. */
export function createGroupList(count: u32): GroupList | null {
  const size = <u32>offsetof<GroupList>() + (count << WORD_SHIFT);
  const list = changetype<GroupList | null>(allocate(size));
  if (list === null) return null;
  list.references = 1;
  list.count = count;
  return list;
}

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
  private groups: GroupList | null = null;
  /** Whether capabilities stay when the last user id stops being 0: until the next program. */
  keepsCapabilities: bool = false;
  /** Whether no program gives more rights than the one before, set-id or not. */
  gainsNothing: bool = false;
  /** The capabilities that it cannot have, those that do not count now, and those it inherits. */
  unpermitted: u64 = 0;
  ineffective: u64 = 0;
  inheritable: u64 = 0;

  copyFrom(other: Credentials): void {
    this.release();
    memory.copy(changetype<usize>(this), changetype<usize>(other), offsetof<Credentials>());
    const groups = this.groups;
    if (groups !== null) groups.references++;
  }

  /** Lets go of the groups. */
  release(): void {
    this.setGroups(null);
  }

  /** The supplementary groups; null: none. */
  get supplementary(): GroupList | null {
    return this.groups;
  }

  /** The reference of `groups` passes. */
  setGroups(groups: GroupList | null): void {
    const old = this.groups;
    this.groups = groups;
    if (old !== null) old.release();
  }

  /** Whether the capability of that bit, one of the lower 32, counts now. */
  has(capability: u32): bool {
    return (<u32>this.ineffective & capability) === 0;
  }

  /** Whether the group is a supplementary one. */
  isInGroups(group: u32): bool {
    const groups = this.groups;
    return groups !== null && groups.has(group);
  }

  /** Whether no user id is the superuser's. */
  get isOrdinary(): bool {
    return this.user !== 0 && this.effectiveUser !== 0 && this.savedUser !== 0;
  }

  /** Capabilities after a change of user ids: those before it are in `before`. */
  followUsers(before: Credentials): void {
    if (!before.isOrdinary && this.isOrdinary && !this.keepsCapabilities) {
      this.unpermitted = ALL_CAPABILITIES;
      this.ineffective = ALL_CAPABILITIES;
    }
    if (before.effectiveUser === 0 && this.effectiveUser !== 0) this.ineffective = ALL_CAPABILITIES;
    else if (before.effectiveUser !== 0 && this.effectiveUser === 0) {
      this.ineffective = this.unpermitted;
    }
  }

  /** Capabilities after a change of whom files see alone. */
  followFileUser(before: u32): void {
    if (before === 0 && this.fileUser !== 0) this.ineffective |= FILE_CAPABILITIES;
    else if (before !== 0 && this.fileUser === 0) {
      this.ineffective &= ~FILE_CAPABILITIES | this.unpermitted;
    }
  }

  /** Capabilities of a new program: the superuser has all, others none. */
  followProgram(): void {
    const isSuperuser = this.user === 0 || this.effectiveUser === 0;
    this.unpermitted = isSuperuser ? 0 : ALL_CAPABILITIES;
    this.ineffective = this.effectiveUser === 0 ? 0 : ALL_CAPABILITIES;
    this.keepsCapabilities = false;
  }
}

/** Those of the running thread; before the first runs, the superuser's. */
let current = changetype<Credentials>(memory.data(offsetof<Credentials>(), 8));

export function currentCredentials(): Credentials {
  return current;
}

/** For the scheduler: another thread runs. */
export function setCurrentCredentials(credentials: Credentials): void {
  current = credentials;
}
