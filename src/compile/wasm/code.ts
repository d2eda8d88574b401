// Function bodies and constant expressions of a WebAssembly module as flat arrays.
//
// The instructions of all functions of a module lie in four shared arrays, one entry each; a
// function's `Code` is a view of its range, so that a pass walks typed arrays and makes no objects.
//
//   immediate    a                               b
//   block, loop  block type                      index of the matching end
//   try          block type                      index of its first catch, its delegate or its end
//   catch        the tag                         index of the next catch, or of the end
//   catch_all    0                               index of the matching end
//   if           block type                      index of the matching else, or of the end
//   else         0                               index of the matching end
//   index        the index                       0
//   pair         the first (type, segment, …)    the second (table)
//   labels       where in `targets` they start   how many, the default (last one) not counted
//   types        the one type                    0
//   reference    the type                        0
//   memory       offset                          log2 of the alignment
//   i32, f32     the bits                        0
//   i64, f64     the low word                    the high word
//   the rest     0, or the segment               0
//
// Indices within `b` count from the function's first instruction; the last is always its `end`.
// A block type is BLOCK_EMPTY, a value type - 0x80 or, from 0 on, the index of a function type.

/** The instructions of one function; see the table above. */
export interface Code {
  readonly length: number;
  readonly op: Uint16Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Where each instruction starts, in bytes from the start of the module. */
  readonly at: Uint32Array;
  /** The labels of this module's `br_table` instructions, each list ending with its default. */
  readonly targets: readonly number[];
}

/** The block type of a block that takes and gives nothing. */
export const BLOCK_EMPTY = -0x40;
