// How processor time divides into the program's and the kernel's: by samples.
//
//   sample          user     system           system    user
//   counted as      |- user -|---- system ----|- system -|- user …
//
// Once in a period it is found out which mode the processor was in (schedule.ts, interrupted.ts),
// and from then on time counts as that mode's, until the next sample. So a system call costs no
// instruction more; over many periods the shares are right. A thread starts in user mode.
//
// Invariant: neither share ever goes back, and together they are the time that has passed.

@unmanaged
export class ModeTime {
  /** The system's share in counts; while the time counts as the system's, less all counts then. */
  private system: u64 = 0;
  private isSystem: bool = false;

  /** The system's share of `counts`, which are all that have passed. */
  systemShare(counts: u64): u64 {
    return this.isSystem ? this.system + counts : this.system;
  }

  /** From now on, when `counts` have passed, the time is the system's, or it is the program's. */
  sample(isSystem: bool, counts: u64): void {
    if (this.isSystem === isSystem) return;
    this.isSystem = isSystem;
    this.system += isSystem ? 0 - counts : counts;
  }
}

/** The size of such a record, where one is part of another. */
export const MODE_TIME_SIZE: u32 = 16;

if (offsetof<ModeTime>() > MODE_TIME_SIZE) ERROR("the times of modes have 16 bytes");
