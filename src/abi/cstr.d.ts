// `cstr` as editors and tsc see it; src/compile/assemblyscript/transform.ts is what it does.

/**
 * The address of `text` in static data: its UTF-8 bytes and a NUL.
 *
 * @param text a string literal, nothing else
 */
declare function cstr(text: string): usize;
