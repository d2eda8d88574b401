// What the system calls that this kernel serves do not do: `isthmus syscalls` prints it.
//
// A call without a line here does what Linux's does, as far as this kernel has what the call is
// about. Whoever completes a call takes its line away; a test asks that each line names a call that
// is served.

const SAMPLES = "whose time it was, the program's or the kernel's, is by samples, 100 a second";
const NO_COUNT = `page faults, switches and transfers are not counted: zeros; ${SAMPLES}`;
const BY_TICKS = "ITIMER_VIRTUAL and ITIMER_PROF are looked at 100 times a second";
const NO_RWF = "flags (RWF_…) are refused: EOPNOTSUPP";
const NO_LOCK = "memory is never swapped out: nothing to do, but the limit is kept";
const IN_MEMORY = "files are in memory: nothing to write back";
const CLOCK_STAYS = "TFD_TIMER_CANCEL_ON_SET changes nothing";
const WAITS_STAY = "who waits for a time of day already waits as long as before";
const NO_DISCIPLINE = "nothing disciplines the clock: ADJ_SETOFFSET, or EOPNOTSUPP";
const NO_ATTRIBUTES = "no file has extended attributes: EOPNOTSUPP";
const OWN_PROCESS =
  "a clock of another process's processor time is EINVAL; those are looked at 100 times a second";
const NO_SYSTEM_V = "no IPC of System V: ENOSYS, silently";
const LOOP_ONLY =
  "AF_UNIX, and AF_INET within the machine: no IPv6 (EAFNOSUPPORT), no SOCK_RAW, no netlink";
const OWN_MOUNTS = "what was mounted at the start stays: EBUSY";
const NICE_IS_KEPT = "niceness is kept and told, and changes nothing";
const NOT_THERE = "ENOSYS, silently: C libraries ask for it and do without";

/** The calls of System V's IPC, which all answer ENOSYS. */
export const SYSTEM_V_CALLS = [
  ...["ipc", "semget", "semctl", "shmget", "shmctl", "shmat", "shmdt"],
  ...["msgget", "msgsnd", "msgrcv", "msgctl"],
];

export const SYSTEM_CALL_LIMITS: Readonly<Record<string, string>> = {
  open: "O_DIRECT, O_SYNC and O_ASYNC change nothing",
  openat: "O_DIRECT, O_SYNC and O_ASYNC change nothing",
  setxattr: NO_ATTRIBUTES,
  lsetxattr: NO_ATTRIBUTES,
  fsetxattr: NO_ATTRIBUTES,
  getxattr: NO_ATTRIBUTES,
  lgetxattr: NO_ATTRIBUTES,
  fgetxattr: NO_ATTRIBUTES,
  removexattr: NO_ATTRIBUTES,
  lremovexattr: NO_ATTRIBUTES,
  fremovexattr: NO_ATTRIBUTES,
  sync: IN_MEMORY,
  fsync: IN_MEMORY,
  fdatasync: IN_MEMORY,
  syncfs: IN_MEMORY,
  msync: IN_MEMORY,
  preadv2: NO_RWF,
  pwritev2: NO_RWF,
  mount: "tmpfs, proc, sysfs, devpts; MS_SHARED and MS_UNBINDABLE are EINVAL; no MS_NOATIME",
  umount: OWN_MOUNTS,
  umount2: `${OWN_MOUNTS}; MNT_EXPIRE is EINVAL`,
  fallocate: "ranges cannot be inserted or collapsed: EOPNOTSUPP",
  memfd_create: "no huge pages (MFD_HUGETLB): EINVAL",
  sendfile: "from regular files alone: EINVAL",
  sendfile64: "from regular files alone: EINVAL",
  splice: "bytes are copied, pages are never moved",
  vmsplice: "bytes are copied, pages are never given away",
  ...Object.fromEntries(SYSTEM_V_CALLS.map((name) => [name, NO_SYSTEM_V])),
  fadvise64: "advice that memory does not need",
  fadvise64_64: "advice that memory does not need",
  socket: LOOP_ONLY,
  socketpair: LOOP_ONLY,
  connect: "AF_INET reaches 127.0.0.0/8 alone (ENETUNREACH), and is connected at once",
  socketcall: "recvmmsg and sendmmsg are EINVAL",
  setsockopt: "no time limits: SO_RCVTIMEO, SO_SNDTIMEO and unknown ones are ENOPROTOOPT",
  mmap: "writable and executable at once is EACCES; no huge pages",
  mmap2: "writable and executable at once is EACCES; no huge pages",
  mprotect: "writable and executable at once is EACCES",
  mlock: NO_LOCK,
  mlock2: NO_LOCK,
  munlock: NO_LOCK,
  mlockall: NO_LOCK,
  munlockall: NO_LOCK,
  stime: WAITS_STAY,
  settimeofday: WAITS_STAY,
  clock_settime: WAITS_STAY,
  clock_settime64: WAITS_STAY,
  adjtimex: NO_DISCIPLINE,
  clock_adjtime: NO_DISCIPLINE,
  clock_adjtime64: NO_DISCIPLINE,
  setitimer: BY_TICKS,
  epoll_ctl: "EPOLLEXCLUSIVE wakes all that wait; EPOLLWAKEUP changes nothing",
  timerfd_settime: CLOCK_STAYS,
  timerfd_settime64: CLOCK_STAYS,
  timer_create: OWN_PROCESS,
  times: SAMPLES,
  getrusage: NO_COUNT,
  wait4: NO_COUNT,
  waitid: NO_COUNT,
  personality: "kept, and changes nothing",
  sched_setscheduler: "SCHED_DEADLINE is EINVAL; the policies that are not real-time are alike",
  nice: NICE_IS_KEPT,
  setpriority: NICE_IS_KEPT,
  sched_setaffinity: "there is one processor",
  sched_getaffinity: "there is one processor",
  reboot: "no kexec, no suspend",
  rseq: NOT_THERE,
  sigaltstack: "SS_AUTODISARM is EINVAL",
  futex: "no priority inheritance (FUTEX_*_PI): ENOSYS",
  futex_time64: "no priority inheritance (FUTEX_*_PI): ENOSYS",
  clone: "no namespaces (CLONE_NEW…): EINVAL",
  clone3: "no namespaces (CLONE_NEW…), no cgroup: EINVAL",
  getrandom: "a generator of its own, seeded at boot; never blocks",
  statx: "no birth time, no attributes, no mount number",
};
