// How a kernel learns how large the window is at the other end of its serial line.
//
// The kernel's command line has the size at the start, as `rows=N` and `columns=N`. Later sizes
// come over the second serial port, COM2, which carries nothing else, so that no size can be taken
// for something typed:
//
//   guest -> host   ASK_WINDOW       once the port is set up: tell me
//   host -> guest   ROWS COLUMNS\n   decimal: the size now, and each time it changes from then on
//
// The host says nothing before it was asked, so nothing is lost in a port that is not set up yet.

/** `?` */
export const ASK_WINDOW: u32 = 0x3f;
