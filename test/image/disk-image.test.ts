// The disk image as firmware and other programs read it: partitions, checksums, files.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { withGrub } from "../../src/image/bios-boot";
import { crc32 } from "../../src/image/crc32";
import { fatVolume } from "../../src/image/fat";
import { PARTITION_TYPES, partitionedDisk } from "../../src/image/partition-table";
import { programSkipReason } from "../machine/installed";

const SECTOR = 512;
const START = 2048;
const folder = mkdtempSync(join(tmpdir(), "isthmus-disk-"));
after(() => rmSync(folder, { recursive: true }));

const bytesOf = (size: number, seed: number) =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 0xff);
const files = [
  { path: "EFI/BOOT/BOOTX64.EFI", bytes: bytesOf(3 * SECTOR + 1, 1) },
  { path: "EFI/BOOT/BOOTIA32.EFI", bytes: bytesOf(SECTOR, 2) },
  { path: "ISTHMUS/EMPTY", bytes: new Uint8Array() },
  ...Array.from({ length: 20 }, (_, i) => ({ path: `MANY/FILE${i}.BIN`, bytes: bytesOf(i, i) })),
];
const volume = fatVolume(files);
const system = { type: PARTITION_TYPES.uefiSystem, name: "system", bytes: volume };

describe("a FAT32 volume", () => {
  it("has every file, as mtools reads it", { skip: programSkipReason("mcopy") }, () => {
    const path = join(folder, "volume");
    writeFileSync(path, volume);
    for (const file of files) {
      const read = execFileSync("mcopy", ["-i", path, `::${file.path}`, "-"]);
      assert.deepEqual(Uint8Array.from(read), file.bytes, file.path);
    }
  });

  it("has no fault that fsck.fat finds", { skip: programSkipReason("fsck.fat") }, () => {
    const path = join(folder, "volume");
    writeFileSync(path, volume);
    const said = execFileSync("fsck.fat", ["-n", path], { encoding: "utf8" });
    assert.match(said, /\d+ files, \d+\/\d+ clusters/);
  });

  it("has enough clusters to be FAT32, and two equal tables", () => {
    const view = new DataView(volume.buffer);
    const fatSectors = view.getUint32(36, true);
    const fat = (number: number) =>
      Buffer.from(volume.subarray((32 + number * fatSectors) * SECTOR)).subarray(
        0,
        fatSectors * SECTOR,
      );
    assert.ok(view.getUint32(32, true) - 32 - 2 * fatSectors >= 65_525);
    assert.ok(fat(0).equals(fat(1)));
  });

  it("refuses names that DOS does not have", () => {
    for (const path of ["long-name.efi", "EFI/BOOTX64.EFIX", "TOOLONGNAME", ""]) {
      assert.throws(() => fatVolume([{ path, bytes: new Uint8Array() }]), /not a name of eight/);
    }
  });
});

describe("a disk with a GUID partition table", () => {
  const disk = partitionedDisk([system, { ...system, name: "second", bytes: bytesOf(700, 3) }]);
  const view = new DataView(disk.buffer);
  const last = disk.length / SECTOR - 1;
  const sector = (at: bigint) => Number(at) * SECTOR;

  it("has two headers that name each other, with checksums that are right", () => {
    for (const [here, other] of [
      [1, last],
      [last, 1],
    ] as const) {
      const at = here * SECTOR;
      assert.equal(Buffer.from(disk.subarray(at, at + 8)).toString(), "EFI PART");
      assert.equal(view.getBigUint64(at + 24, true), BigInt(here));
      assert.equal(view.getBigUint64(at + 32, true), BigInt(other));
      const header = Uint8Array.from(disk.subarray(at, at + 92));
      header.fill(0, 16, 20);
      assert.equal(view.getUint32(at + 16, true), crc32(header));
      const entries = sector(view.getBigUint64(at + 72, true));
      assert.equal(
        view.getUint32(at + 88, true),
        crc32(disk.subarray(entries, entries + 128 * 128)),
      );
    }
    assert.equal(crc32(Buffer.from("123456789")), 0xcbf43926);
  });

  it("has each partition at a multiple of 1 MiB, within the sectors for data", () => {
    const first = sector(view.getBigUint64(2 * SECTOR + 32, true));
    assert.equal(first, START * SECTOR);
    assert.deepEqual(disk.subarray(first, first + volume.length), volume);
    const second = 2 * SECTOR + 128;
    const start = view.getBigUint64(second + 32, true);
    assert.equal(start % 2048n, 0n);
    assert.equal(view.getBigUint64(second + 40, true), start + 1n);
    assert.ok(start + 1n <= view.getBigUint64(SECTOR + 48, true));
    assert.deepEqual(disk.subarray(sector(start), sector(start) + 700), bytesOf(700, 3));
  });

  it("has GRUB's sectors where GRUB's code looks for them", () => {
    const core = bytesOf(3 * SECTOR + 5, 4);
    const { bootCode, partitions } = withGrub({ boot: bytesOf(SECTOR, 5), core }, [system]);
    const grubDisk = partitionedDisk(partitions, bootCode);
    const grubView = new DataView(grubDisk.buffer);
    const start = Number(grubView.getBigUint64(0x5c, true));
    assert.deepEqual(
      grubDisk.subarray(start * SECTOR, start * SECTOR + 500),
      core.subarray(0, 500),
    );
    const list = start * SECTOR + 0x1f4;
    assert.equal(grubView.getBigUint64(list, true), BigInt(start + 1));
    assert.deepEqual(
      [grubView.getUint16(list + 8, true), grubView.getUint16(list + 10, true)],
      [3, 0x820],
    );
    assert.equal(grubView.getUint16(510, true), 0xaa55);
  });
});
