// A reader and writer of JSON: classes, virtual calls, recursion, strings and numbers.

abstract class Json {
  abstract write(): string;
  /** How deep the value nests. */
  depth(): i32 {
    return 0;
  }
}

class JsonNull extends Json {
  write(): string {
    return "null";
  }
}

class JsonBoolean extends Json {
  constructor(readonly value: bool) {
    super();
  }
  write(): string {
    return this.value ? "true" : "false";
  }
}

class JsonNumber extends Json {
  constructor(readonly value: f64) {
    super();
  }
  write(): string {
    return this.value.toString();
  }
}

class JsonString extends Json {
  constructor(readonly value: string) {
    super();
  }
  write(): string {
    return quote(this.value);
  }
}

class JsonArray extends Json {
  readonly items: Json[] = [];
  write(): string {
    return "[" + this.items.map<string>((item) => item.write()).join(",") + "]";
  }
  depth(): i32 {
    return 1 + this.items.reduce<i32>((most, item) => max(most, item.depth()), 0);
  }
}

class JsonObject extends Json {
  readonly members: Map<string, Json> = new Map<string, Json>();
  write(): string {
    const keys = this.members.keys().sort();
    const parts: string[] = [];
    for (let i = 0; i < keys.length; i++) {
      parts.push(quote(keys[i]) + ":" + this.members.get(keys[i]).write());
    }
    return "{" + parts.join(",") + "}";
  }
  depth(): i32 {
    let most = 0;
    const values = this.members.values();
    for (let i = 0; i < values.length; i++) most = max(most, values[i].depth());
    return 1 + most;
  }
}

function quote(text: string): string {
  let result = '"';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code == 0x22 || code == 0x5c) result += "\\" + text.charAt(i);
    else if (code == 0x0a) result += "\\n";
    else if (code < 0x20) result += "\\u" + code.toString(16).padStart(4, "0");
    else result += text.charAt(i);
  }
  return result + '"';
}

class Reader {
  private at: i32 = 0;
  error: string = "";

  constructor(private readonly text: string) {}

  read(): Json {
    const value = this.value();
    this.skip();
    if (this.at < this.text.length) this.fail("something follows");
    return value;
  }

  private fail(why: string): void {
    if (this.error.length == 0) this.error = `${why} at ${this.at}`;
    this.at = this.text.length;
  }

  private skip(): void {
    while (this.at < this.text.length && this.text.charCodeAt(this.at) <= 0x20) this.at++;
  }

  private peek(): string {
    return this.text.charAt(this.at);
  }

  private take(wanted: string): bool {
    this.skip();
    if (this.text.substr(this.at, wanted.length) != wanted) return false;
    this.at += wanted.length;
    return true;
  }

  private value(): Json {
    if (this.take("null")) return new JsonNull();
    if (this.take("true")) return new JsonBoolean(true);
    if (this.take("false")) return new JsonBoolean(false);
    if (this.take("[")) return this.array();
    if (this.take("{")) return this.object();
    if (this.peek() == '"') return new JsonString(this.string());
    return this.number();
  }

  private array(): Json {
    const array = new JsonArray();
    if (this.take("]")) return array;
    do array.items.push(this.value());
    while (this.take(","));
    if (!this.take("]")) this.fail("an array does not end");
    return array;
  }

  private object(): Json {
    const object = new JsonObject();
    if (this.take("}")) return object;
    do {
      this.skip();
      const key = this.string();
      if (!this.take(":")) this.fail("a colon is missing");
      object.members.set(key, this.value());
    } while (this.take(","));
    if (!this.take("}")) this.fail("an object does not end");
    return object;
  }

  private string(): string {
    if (!this.take('"')) {
      this.fail("a string does not begin");
      return "";
    }
    let result = "";
    while (this.at < this.text.length && this.peek() != '"') {
      if (this.peek() == "\\") {
        this.at++;
        result += this.escaped();
      } else result += this.peek();
      this.at++;
    }
    if (!this.take('"')) this.fail("a string does not end");
    return result;
  }

  private escaped(): string {
    const letter = this.peek();
    if (letter == "n") return "\n";
    if (letter != "u") return letter;
    const code = <i32>parseInt(this.text.substr(this.at + 1, 4), 16);
    this.at += 4;
    return String.fromCharCode(code);
  }

  private number(): Json {
    const start = this.at;
    while (this.at < this.text.length && "+-.eE0123456789".includes(this.peek())) this.at++;
    if (this.at == start) this.fail("no value");
    return new JsonNumber(parseFloat(this.text.substring(start, this.at)));
  }
}

function show(text: string): void {
  const reader = new Reader(text);
  const value = reader.read();
  if (reader.error.length > 0) console.log("error: " + reader.error);
  else console.log(`${value.depth()} ${value.write()}`);
}

export function json(): void {
  show('{"b": [1, 2.5, -3e-7, 1e21, 0.1, 123456789.125], "a": {"nested": [[], [{}], null]}}');
  show('["\\u0041\\n\\"", "κύμα", true, false, -0, 5e-324, 1.7976931348623157e308]');
  show("[1, 2");
  show('{"a" 1}');
  show("");
  let deep = "0.5";
  for (let i = 0; i < 200; i++) deep = i % 2 == 0 ? `[${deep}]` : `{"${i}":${deep}}`;
  const reader = new Reader(deep);
  const value = reader.read();
  console.log(`${value.depth()} ${value.write() == deep}`);
}
