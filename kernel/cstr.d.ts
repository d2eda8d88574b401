// For editors and tsc: `cstr` is known everywhere in the kernel without an import, because the
// compiler's front end replaces each call (src/compile/transform.ts).

/** The address of the UTF-8 bytes of a literal, NUL-terminated, in static data. */
declare function cstr(text: string): usize;
