// The bits of EFLAGS that instructions read and write. SDM vol. 1, 3.4.3.

export const CF = 1 << 0;
export const PF = 1 << 2;
export const AF = 1 << 4;
export const ZF = 1 << 6;
export const SF = 1 << 7;
export const TF = 1 << 8;
export const IF = 1 << 9;
export const DF = 1 << 10;
export const OF = 1 << 11;
export const NT = 1 << 14;
export const AC = 1 << 18;

/** The flags that arithmetic results set. */
export const STATUS_FLAGS = OF | SF | ZF | AF | PF | CF;
export const ALL_FLAGS = STATUS_FLAGS | TF | IF | DF | NT | AC;
