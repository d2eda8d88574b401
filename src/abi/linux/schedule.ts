// Policies of Linux's sched_setscheduler(2): include/uapi/linux/sched.h.

export const SCHED_OTHER: u32 = 0;
export const SCHED_FIFO: u32 = 1;
export const SCHED_RR: u32 = 2;
export const SCHED_BATCH: u32 = 3;
export const SCHED_IDLE: u32 = 5;
export const SCHED_DEADLINE: u32 = 6;
/** Beside a policy: children begin with SCHED_OTHER. */
export const SCHED_RESET_ON_FORK: u32 = 0x40000000;
/** Priorities of SCHED_FIFO and SCHED_RR are 1 to that. */
export const MOST_URGENT: u32 = 99;
