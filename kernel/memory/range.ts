// Whether one range of bytes lies in another: for files and archives from outside, whose numbers
// may be anything.

/** Whether [offset, offset + length) lies within `size` bytes, without wrapping at 4 GiB. */
export function isInside(offset: u32, length: u32, size: u32): bool {
  return offset <= size && length <= size - offset;
}
