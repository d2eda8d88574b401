// The terminal interface of Linux on i386: ioctl numbers, and the two structures that they carry.
//
//   termios   0  iflag     input:  ICRNL, ...          winsize   0  rows     u16
//             4  oflag     output: OPOST, ONLCR                  2  columns  u16
//             8  cflag     line:   CS8, CREAD                    4  width and height in pixels, u16
//             12 lflag     local:  ICANON, ECHO, ...
//             16 line      u8, the line discipline: 0
//             17 cc        19 bytes, the special characters, indexed by V...
//
// See termios(3), ioctl_tty(2), asm-generic/termbits.h and asm-generic/ioctls.h.

export const TCGETS: u32 = 0x5401;
export const TCSETS: u32 = 0x5402;
/** Set once the output has drained. */
export const TCSETSW: u32 = 0x5403;
/** Set once the output has drained; input that was not read is dropped. */
export const TCSETSF: u32 = 0x5404;
export const TIOCGPGRP: u32 = 0x540f;
export const TIOCSPGRP: u32 = 0x5410;
export const TIOCGWINSZ: u32 = 0x5413;
/** How many bytes a read would give now. */
export const FIONREAD: u32 = 0x541b;

export const TERMIOS_IFLAG: u32 = 0;
export const TERMIOS_OFLAG: u32 = 4;
export const TERMIOS_CFLAG: u32 = 8;
export const TERMIOS_LFLAG: u32 = 12;
export const TERMIOS_LINE: u32 = 16;
export const TERMIOS_CC: u32 = 17;
export const TERMIOS_CC_COUNT: u32 = 19;
export const TERMIOS_SIZE: u32 = 36;

export const WINSIZE_ROWS: u32 = 0;
export const WINSIZE_COLUMNS: u32 = 2;
export const WINSIZE_SIZE: u32 = 8;

// Indices of the special characters.
export const VINTR: u32 = 0;
export const VQUIT: u32 = 1;
export const VERASE: u32 = 2;
export const VKILL: u32 = 3;
export const VEOF: u32 = 4;
export const VTIME: u32 = 5;
export const VMIN: u32 = 6;
export const VEOL: u32 = 11;
export const VWERASE: u32 = 14;

// Flags, octal in the manual.
export const ISTRIP: u32 = 0x0020;
export const INLCR: u32 = 0x0040;
export const IGNCR: u32 = 0x0080;
export const ICRNL: u32 = 0x0100;
export const OPOST: u32 = 0x0001;
export const ONLCR: u32 = 0x0004;
export const B115200: u32 = 0x1002;
export const CS8: u32 = 0x0030;
export const CREAD: u32 = 0x0080;
export const ISIG: u32 = 0x0001;
export const ICANON: u32 = 0x0002;
export const ECHO: u32 = 0x0008;
export const ECHOE: u32 = 0x0010;
export const ECHOK: u32 = 0x0020;
export const ECHONL: u32 = 0x0040;
export const NOFLSH: u32 = 0x0080;
export const ECHOCTL: u32 = 0x0200;
export const ECHOKE: u32 = 0x0800;
export const IEXTEN: u32 = 0x8000;
