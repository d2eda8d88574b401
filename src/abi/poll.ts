// What poll(2) asks of files and says of them.
//
//   struct pollfd   0  file   4  events u16   6  what is true of them u16
//
// Source: Linux's include/uapi/asm-generic/poll.h.

export const POLLIN: u32 = 0x001;
export const POLLPRI: u32 = 0x002;
export const POLLOUT: u32 = 0x004;
/** These three are told whether they were asked for or not. */
export const POLLERR: u32 = 0x008;
export const POLLHUP: u32 = 0x010;
export const POLLNVAL: u32 = 0x020;
export const POLLRDNORM: u32 = 0x040;
export const POLLWRNORM: u32 = 0x100;
/** The other end of a stream will send no more. */
export const POLLRDHUP: u32 = 0x2000;

export const POLLFD_SIZE: u32 = 8;
export const POLLFD_EVENTS: u32 = 4;
export const POLLFD_RESULTS: u32 = 6;
