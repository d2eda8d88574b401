// What the machine boots, fetched from beside this worker.
//
// The kernel comes twice: without symbols and debug information, so that there is a prompt soon,
// and whole, for everything that looks at the machine.

export interface BootImages {
  readonly kernel: Uint8Array;
  readonly initramfs: Uint8Array;
}

const BUILD = new URL("build/", import.meta.url);

async function fetchBytes(url: URL): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

export function readV86Wasm(): Promise<Uint8Array> {
  return fetchBytes(new URL("v86.wasm", import.meta.url));
}

export async function bootImages(): Promise<BootImages> {
  const [kernel, initramfs] = await Promise.all(
    ["boot.elf", "initramfs.cpio"].map((name) => fetchBytes(new URL(name, BUILD))),
  );
  if (!kernel || !initramfs) throw new Error("there is nothing to boot");
  return { kernel, initramfs };
}

/** The kernel with its symbols and its debug information. */
export function wholeKernel(): Promise<Uint8Array> {
  return fetchBytes(new URL("kernel.elf", BUILD));
}

/** A program with its debug information; undefined if it is not one of the project's. */
export async function wholeProgram(name: string): Promise<Uint8Array | undefined> {
  if (!/^[\w-]+$/.test(name)) return undefined;
  try {
    return await fetchBytes(new URL(`user/${name}.elf`, BUILD));
  } catch {
    return undefined;
  }
}
