// What `isthmus run --root` and process 1 of such a machine (user/init.ts) tell each other.
//
// The task is a file beside the program: words of 32 bits, little-endian, then strings.
//
//   0   magic, TASK_MAGIC
//   4   flags, TASK_...
//   8   rows, columns of the terminal, 16 bits each; 0: leave them
//   12  how many arguments    16  how many variables
//   20  path of the program, directory to start in, arguments, variables: each ends in NUL
//
// The report is read from process 1's memory once the machine has ended.
//
//   REPORT      0   magic, REPORT_MAGIC, once the rest is whole
//               4   errno of the execve that failed, or 0
//               8   bytes of the first listing   12  of the second
//   FIRST_LISTING, SECOND_LISTING
//                   the tree before the program ran and after: an entry for each name, a directory
//                   before what is in it
//   CONTENTS        files that have changed since the first listing, each on whole pages
//
//   an entry    ENTRY_...: words, then the name and a link's text, each ending in NUL, up to a
//               multiple of 4

export const TASK_MAGIC: u32 = 0x4b534154; // "TASK"
export const TASK_FLAGS: u32 = 4;
export const TASK_WINDOW: u32 = 8;
export const TASK_ARGUMENTS: u32 = 12;
export const TASK_VARIABLES: u32 = 16;
export const TASK_STRINGS: u32 = 20;
/** What programs write goes out as it is: without a carriage return before each newline. */
export const TASK_RAW_OUTPUT: u32 = 1;
/**
 * The program has no terminal: it reads from /dev/null and writes to a pipe, and what comes out of
 * that goes to the terminal of process 1.
 */
export const TASK_NO_TERMINAL: u32 = 2;

export const REPORT_MAGIC: u32 = 0x45455254; // "TREE"
export const REPORT: u32 = 0x40000000;
export const REPORT_ERROR: u32 = 4;
export const REPORT_FIRST_SIZE: u32 = 8;
export const REPORT_SECOND_SIZE: u32 = 12;
export const REPORT_BYTES: u32 = 16;

export const FIRST_LISTING: u32 = 0x50000000;
export const SECOND_LISTING: u32 = 0x60000000;
/** Each listing has as much. */
export const LISTING_ROOM: u32 = 0x0ff00000;
/** Process 1's own: the time of change of each inode at the first listing, by inode number. */
export const CHANGE_TIMES: u32 = 0x70000000;
export const CHANGE_TIMES_END: u32 = 0x80000000;
export const CONTENTS: u32 = 0x80000000;
export const CONTENTS_END: u32 = 0xf0000000;

/** Bytes of the entry. */
export const ENTRY_LENGTH: u32 = 0;
/** Offset of its directory's entry; that of the root is its own. */
export const ENTRY_PARENT: u32 = 4;
export const ENTRY_INODE: u32 = 8;
export const ENTRY_MODE: u32 = 12;
export const ENTRY_OWNER: u32 = 16;
export const ENTRY_GROUP: u32 = 20;
export const ENTRY_SIZE_LOW: u32 = 24;
export const ENTRY_SIZE_HIGH: u32 = 28;
/** Seconds and nanoseconds. */
export const ENTRY_MODIFIED: u32 = 32;
/** Where its contents are, if they may have changed; else 0. */
export const ENTRY_CONTENTS: u32 = 40;
/** ENTRY_IS_... */
export const ENTRY_FLAGS: u32 = 44;
export const ENTRY_NAME_LENGTH: u32 = 48;
export const ENTRY_TEXT_LENGTH: u32 = 52;
export const ENTRY_NAME: u32 = 56;

/** Another file system is mounted here: what is in it is not listed. */
export const ENTRY_IS_MOUNT: u32 = 1;
/** Its contents have changed, and there was no memory to show them. */
export const ENTRY_IS_TOO_LARGE: u32 = 2;
