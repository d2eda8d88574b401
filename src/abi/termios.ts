// The terminal interface of Linux on i386: ioctl numbers, and the structures that they carry.
//
//   termios   0  iflag     input:  ICRNL, ...          winsize   0  rows     u16
//             4  oflag     output: OPOST, ONLCR                  2  columns  u16
//             8  cflag     line:   CS8, CREAD                    4  width and height in pixels, u16
//             12 lflag     local:  ICANON, ECHO, ...
//             16 line      u8, the line discipline: 0
//             17 cc        19 bytes, the special characters, indexed by V...
//   termios2  36 ispeed, ospeed: bits per second         the first 36 bytes are a termios
//
//   termio    0  the low halves of iflag, oflag, cflag and lflag      8  line      9  8 bytes of cc
//
// See termios(3), ioctl_tty(2), asm-generic/termbits.h and asm-generic/ioctls.h.

export const TCGETS: u32 = 0x5401;
export const TCSETS: u32 = 0x5402;
/** Set once the output has drained. */
export const TCSETSW: u32 = 0x5403;
/** Set once the output has drained; input that was not read is dropped. */
export const TCSETSF: u32 = 0x5404;
// The same of a termio.
export const TCGETA: u32 = 0x5405;
export const TCSETA: u32 = 0x5406;
export const TCSETAW: u32 = 0x5407;
export const TCSETAF: u32 = 0x5408;
/** Waits until output has drained; with argument 0 sends a break, too. */
export const TCSBRK: u32 = 0x5409;
export const TCXONC: u32 = 0x540a;
export const TCFLSH: u32 = 0x540b;
export const TIOCEXCL: u32 = 0x540c;
export const TIOCNXCL: u32 = 0x540d;
export const TIOCSCTTY: u32 = 0x540e;
export const TIOCGPGRP: u32 = 0x540f;
export const TIOCSPGRP: u32 = 0x5410;
/** How many bytes of output are on their way. */
export const TIOCOUTQ: u32 = 0x5411;
/** Simulates a byte of input. */
export const TIOCSTI: u32 = 0x5412;
export const TIOCGWINSZ: u32 = 0x5413;
export const TIOCSWINSZ: u32 = 0x5414;
/** How many bytes a read would give now. */
export const FIONREAD: u32 = 0x541b;
/** Packet mode of a master. */
export const TIOCPKT: u32 = 0x5420;
export const TIOCNOTTY: u32 = 0x5422;
export const TIOCSETD: u32 = 0x5423;
export const TIOCGETD: u32 = 0x5424;
export const TCSBRKP: u32 = 0x5425;
export const TIOCGSID: u32 = 0x5429;
export const TIOCGPTPEER: u32 = 0x5441;
export const TCGETS2: u32 = 0x802c542a;
export const TCSETS2: u32 = 0x402c542b;
export const TCSETSW2: u32 = 0x402c542c;
export const TCSETSF2: u32 = 0x402c542d;
export const TIOCGPTN: u32 = 0x80045430;
export const TIOCSPTLCK: u32 = 0x40045431;
export const TIOCGDEV: u32 = 0x80045432;
/** Sends a signal to the foreground group, from a master. */
export const TIOCSIG: u32 = 0x40045436;
export const TIOCGPKT: u32 = 0x80045438;
export const TIOCGPTLCK: u32 = 0x80045439;
export const TIOCGEXCL: u32 = 0x80045440;

// What TCXONC does.
export const TCOOFF: u32 = 0;
export const TCOON: u32 = 1;
export const TCIOFF: u32 = 2;
export const TCION: u32 = 3;

// What TCFLSH drops.
export const TCIFLUSH: u32 = 0;
export const TCOFLUSH: u32 = 1;
export const TCIOFLUSH: u32 = 2;

// The first byte of what a master in packet mode reads.
export const TIOCPKT_DATA: u32 = 0;
export const TIOCPKT_FLUSHREAD: u32 = 1;
export const TIOCPKT_FLUSHWRITE: u32 = 2;
export const TIOCPKT_STOP: u32 = 4;
export const TIOCPKT_START: u32 = 8;
export const TIOCPKT_NOSTOP: u32 = 16;
export const TIOCPKT_DOSTOP: u32 = 32;

export const TERMIOS_IFLAG: u32 = 0;
export const TERMIOS_OFLAG: u32 = 4;
export const TERMIOS_CFLAG: u32 = 8;
export const TERMIOS_LFLAG: u32 = 12;
export const TERMIOS_LINE: u32 = 16;
export const TERMIOS_CC: u32 = 17;
export const TERMIOS_CC_COUNT: u32 = 19;
export const TERMIOS_SIZE: u32 = 36;
export const TERMIOS_ISPEED: u32 = 36;
export const TERMIOS_OSPEED: u32 = 40;
export const TERMIOS2_SIZE: u32 = 44;

export const TERMIO_LINE: u32 = 8;
export const TERMIO_CC: u32 = 9;
export const TERMIO_CC_COUNT: u32 = 8;
export const TERMIO_SIZE: u32 = 18;

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
export const VSTART: u32 = 8;
export const VSTOP: u32 = 9;
export const VSUSP: u32 = 10;
export const VEOL: u32 = 11;
export const VREPRINT: u32 = 12;
export const VDISCARD: u32 = 13;
export const VWERASE: u32 = 14;
export const VLNEXT: u32 = 15;
export const VEOL2: u32 = 16;

// Flags, octal in the manual.
export const PARMRK: u32 = 0x0008;
export const ISTRIP: u32 = 0x0020;
export const INLCR: u32 = 0x0040;
export const IGNCR: u32 = 0x0080;
export const ICRNL: u32 = 0x0100;
export const IUCLC: u32 = 0x0200;
export const IXON: u32 = 0x0400;
export const IXANY: u32 = 0x0800;
export const IUTF8: u32 = 0x4000;
export const OPOST: u32 = 0x0001;
export const OLCUC: u32 = 0x0002;
export const ONLCR: u32 = 0x0004;
export const OCRNL: u32 = 0x0008;
export const ONOCR: u32 = 0x0010;
export const ONLRET: u32 = 0x0020;
/** Tabs become blanks. */
export const TAB3: u32 = 0x1800;
export const CBAUD: u32 = 0x100f;
/** The speed is a number of its own: termios2. */
export const BOTHER: u32 = 0x1000;
export const B38400: u32 = 0x000f;
export const B115200: u32 = 0x1002;
export const CSIZE: u32 = 0x0030;
export const CS8: u32 = 0x0030;
export const CREAD: u32 = 0x0080;
export const PARENB: u32 = 0x0100;
export const HUPCL: u32 = 0x0400;
/** In cflag, where the speed of the input is: 0: that of the output. */
export const IBSHIFT: u32 = 16;
export const ISIG: u32 = 0x0001;
export const ICANON: u32 = 0x0002;
export const ECHO: u32 = 0x0008;
export const ECHOE: u32 = 0x0010;
export const ECHOK: u32 = 0x0020;
export const ECHONL: u32 = 0x0040;
export const NOFLSH: u32 = 0x0080;
export const TOSTOP: u32 = 0x0100;
export const ECHOCTL: u32 = 0x0200;
export const ECHOPRT: u32 = 0x0400;
export const ECHOKE: u32 = 0x0800;
export const IEXTEN: u32 = 0x8000;
