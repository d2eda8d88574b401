// Sizes in bytes as people read them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Of what is nearly 4 GiB, the difference says more than the size. */
const WHOLE = 2 ** 32;
const NEARLY = 16 << 20;

/** `3.98 GiB`, and of nearly everything `4 GiB − 1.1 MiB`. */
export function roomText(bytes: number): string {
  const isNearly = bytes < WHOLE && WHOLE - bytes < NEARLY;
  return isNearly ? `4 GiB − ${sizeText(WHOLE - bytes)}` : sizeText(bytes);
}

/** `4 KiB`, `1.5 MiB`, `3.98 GiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(value < 10 ? 2 : 1))} ${UNITS[unit]}`;
}
