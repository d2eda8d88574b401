// Printing and reading of numbers, and the mathematical functions.

let seed: u64 = 8817264546332525;

function random(): u64 {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

export function numbers(): void {
  printing();
  reading();
  functions();
  conversions();
}

function printing(): void {
  for (let i = 0; i < 40; i++) {
    const x = reinterpret<f64>(random());
    const y = reinterpret<f32>(<u32>random());
    console.log(`${x} ${y} ${<f64>(<i64>random()) / 4096}`);
  }
  console.log(`${0.0} ${-0.0} ${1 / 0.0} ${-1 / 0.0} ${f64.NaN} ${f64.EPSILON} ${f32.MAX_VALUE}`);
  console.log(`${i64.MIN_VALUE} ${u64.MAX_VALUE} ${(255).toString(16)} ${(-7 as i32).toString(2)}`);
}

function reading(): void {
  let same = 0;
  for (let i = 0; i < 200; i++) {
    const x = <f64>(<i32>random()) / <f64>(1 + (<u32>random() >> 8));
    if (Math.abs(parseFloat(x.toString()) - x) <= Math.abs(x) * f64.EPSILON) same++;
  }
  console.log(`${same} ${parseFloat("-12.5e3xyz")} ${0x1f} ${parseFloat(".5")}`);
  console.log(
    `${F64.parseFloat("1e400")} ${I64.parseInt("-9223372036854775807")} ${parseFloat("x")}`,
  );
}

function functions(): void {
  for (let i = 0; i < 12; i++) {
    const x = (<f64>i - 5) * 0.731;
    console.log(
      `${Math.sin(x)} ${Math.exp(x)} ${Math.log(x * x)} ${Math.atan2(x, 1)} ${Math.cbrt(x)}`,
    );
    console.log(`${1.5 ** x} ${Math.hypot(x, 3)} ${x % 1.25} ${Mathf.cos(<f32>x)}`);
    console.log(`${Math.floor(x)} ${Math.ceil(x)} ${Math.round(x)} ${Math.trunc(x)} ${nearest(x)}`);
    console.log(`${Math.min(x, 1)} ${Math.max(x, -0.0)} ${Math.sign(x)} ${Math.fround(x)}`);
  }
}

function conversions(): void {
  for (let i = 0; i < 20; i++) {
    const exponent = 1010 + <u64>i * 4;
    const x = reinterpret<f64>((random() & ~((<u64>0x7ff) << 52)) | (exponent << 52));
    console.log(`${<i32>x} ${<u32>x} ${<i64>x} ${<u64>x} ${<f32>x} ${<i8>(<i32>x)}`);
    const n = random();
    console.log(`${<f64>n} ${<f64>(<i64>n)} ${<f32>n} ${<f32>(<i64>n)} ${<f64>(<u32>n)}`);
  }
}
