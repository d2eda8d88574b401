// Map, Set, Array, StaticArray, typed arrays, strings and sorting.

class Word {
  constructor(
    readonly text: string,
    readonly count: i32,
  ) {}
}

const TEXT =
  "the strait joins two seas and the isthmus joins two lands and keeps the two seas apart";

export function collections(): void {
  countWords();
  sets();
  sorting();
  text();
  typedArrays();
}

function countWords(): void {
  const counts = new Map<string, i32>();
  const words = TEXT.split(" ");
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    counts.set(word, (counts.has(word) ? counts.get(word) : 0) + 1);
  }
  const list: Word[] = [];
  const keys = counts.keys();
  for (let i = 0; i < keys.length; i++) list.push(new Word(keys[i], counts.get(keys[i])));
  list.sort((a, b) => (a.count != b.count ? b.count - a.count : a.text < b.text ? -1 : 1));
  for (let i = 0; i < list.length; i++) console.log(`${list[i].text}: ${list[i].count}`);
  counts.delete("the");
  console.log(`${counts.size} left, "the" is ${counts.has("the") ? "there" : "gone"}`);
}

function sets(): void {
  const even = new Set<i64>();
  const square = new Set<i64>();
  for (let i: i64 = 0; i < 2000; i++) {
    if (i % 2 == 0) even.add(i);
    square.add(i * i);
  }
  let both: i64 = 0;
  const values = square.values();
  for (let i = 0; i < values.length; i++) if (even.has(values[i])) both += values[i];
  for (let i: i64 = 0; i < 2000; i += 3) even.delete(i);
  console.log(`${even.size} ${square.size} ${both}`);
}

function sorting(): void {
  const numbers: f64[] = [];
  let seed: u32 = 2463534242;
  for (let i = 0; i < 1000; i++) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    numbers.push(<f64>(<i32>seed) / 65536);
  }
  numbers.sort();
  let isSorted = true;
  for (let i = 1; i < numbers.length; i++) if (numbers[i - 1] > numbers[i]) isSorted = false;
  console.log(`${isSorted} ${numbers[0]} ${numbers[500]} ${numbers[999]}`);
  const near = numbers.filter((x) => Math.abs(x) < 200).map<string>((x) => x.toString());
  console.log(near.join(" "));
  const sum = numbers.reduce<f64>((total, x) => total + x, 0);
  console.log(`${sum} ${numbers.indexOf(numbers[77])} ${numbers.slice(3, 6).reverse().join(",")}`);
}

function text(): void {
  const name = "Ισθμός – Landenge";
  console.log(
    name.toUpperCase() + " " + name.length.toString() + " " + name.charCodeAt(2).toString(),
  );
  console.log("a-b--c".split("-").join("+") + "  trim ".trim() + "7".padStart(3, "0"));
  console.log("banana".replaceAll("an", "AN") + " " + "banana".lastIndexOf("na").toString());
  console.log(String.UTF8.byteLength(name).toString() + " " + "abc".repeat(3).substring(2, 7));
  console.log(`${"b" > "a"} ${"10" < "9"} ${"x".concat("y") == "xy"} ${"ab".includes("b")}`);
}

function typedArrays(): void {
  const bytes = new Uint8Array(300);
  for (let i = 0; i < bytes.length; i++) bytes[i] = <u8>(i * 7);
  const view = new DataView(bytes.buffer, 4, 100);
  console.log(`${view.getUint32(0)} ${view.getInt16(1, true)} ${view.getFloat64(8, true)}`);
  const grid = new StaticArray<i32>(16);
  for (let i = 0; i < 16; i++) grid[i] = i * i;
  console.log(grid.slice<i32[]>(3, 9).toString() + " " + bytes.subarray(250).toString());
}
