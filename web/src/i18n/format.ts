// The part of ICU MessageFormat that this page uses: {name} and
// {count, plural, one {# update} other {# updates}}, nested as needed. No quoting: a message that
// needs a literal brace is not supported, and parse() says so.

export type Args = Readonly<Record<string, unknown>>;

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "argument"; readonly name: string }
  | { readonly kind: "count" } // "#", the number of the plural around it
  | {
      readonly kind: "plural";
      readonly name: string;
      readonly forms: ReadonlyMap<string, readonly Part[]>;
    };

export class MessageError extends Error {}

class Parser {
  private at = 0;
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  whole(): readonly Part[] {
    const parts = this.parts(false);
    if (this.at < this.source.length) this.fail("a closing brace that nothing opened");
    return parts;
  }

  private parts(inPlural: boolean): readonly Part[] {
    const parts: Part[] = [];
    let plain = "";
    const flush = () => {
      if (plain !== "") parts.push({ kind: "text", text: plain });
      plain = "";
    };
    for (let c = this.source[this.at]; c !== undefined && c !== "}"; c = this.source[this.at]) {
      if (c === "{") {
        flush();
        parts.push(this.placeholder());
        continue;
      }
      this.at += 1;
      if (c === "#" && inPlural) {
        flush();
        parts.push({ kind: "count" });
      } else {
        plain += c;
      }
    }
    flush();
    return parts;
  }

  private placeholder(): Part {
    this.expect("{");
    const name = this.word();
    if (this.take("}")) return { kind: "argument", name };
    this.expect(",");
    if (this.word() !== "plural") this.fail("only plural is known here");
    this.expect(",");
    const forms = new Map<string, readonly Part[]>();
    while (!this.take("}")) {
      const category = this.word();
      this.expect("{");
      forms.set(category, this.parts(true));
      this.expect("}", false);
      this.space();
    }
    if (!forms.has("other")) this.fail(`the plural of ${name} has no "other"`);
    return { kind: "plural", name, forms };
  }

  private word(): string {
    this.space();
    const start = this.at;
    while (/[\w=]/.test(this.source[this.at] ?? "")) this.at += 1;
    if (this.at === start) this.fail("a name is missing");
    const found = this.source.slice(start, this.at);
    this.space();
    return found;
  }

  private space(): void {
    while (/\s/.test(this.source[this.at] ?? "")) this.at += 1;
  }

  private take(character: string): boolean {
    if (this.source[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private expect(character: string, skipSpace = true): void {
    if (skipSpace) this.space();
    if (!this.take(character)) this.fail(`"${character}" is missing`);
  }

  private fail(why: string): never {
    throw new MessageError(`cannot read message "${this.source}" at ${this.at}: ${why}`);
  }
}

export const parse = (source: string): readonly Part[] => new Parser(source).whole();

function shown(value: unknown, numbers: Intl.NumberFormat): string {
  if (typeof value === "number") return numbers.format(value);
  return typeof value === "string" ? value : "";
}

function render(parts: readonly Part[], args: Args, locale: Locale, count: number): string {
  let out = "";
  for (const part of parts) {
    switch (part.kind) {
      case "text":
        out += part.text;
        break;
      case "argument":
        out += shown(args[part.name], locale.numbers);
        break;
      case "count":
        out += locale.numbers.format(count);
        break;
      case "plural": {
        const value = Number(args[part.name]);
        const n = Number.isFinite(value) ? value : 0;
        const form =
          part.forms.get(`=${n}`) ??
          part.forms.get(locale.plurals.select(n)) ??
          part.forms.get("other");
        out += render(form ?? [], args, locale, n);
        break;
      }
    }
  }
  return out;
}

export interface Locale {
  readonly plurals: Intl.PluralRules;
  readonly numbers: Intl.NumberFormat;
}

export const localeOf = (language: string): Locale => ({
  plurals: new Intl.PluralRules(language),
  numbers: new Intl.NumberFormat(language),
});

export const format = (parts: readonly Part[], args: Args, locale: Locale): string =>
  render(parts, args, locale, 0);

/** The argument names a message uses, for the test that holds the languages together. */
export function argumentsOf(parts: readonly Part[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const part of parts) {
    if (part.kind === "argument") names.add(part.name);
    if (part.kind === "plural") {
      names.add(part.name);
      for (const form of part.forms.values()) for (const n of argumentsOf(form)) names.add(n);
    }
  }
  return names;
}

/** The plural categories each plural of a message has. */
export function pluralFormsOf(parts: readonly Part[]): readonly (readonly string[])[] {
  return parts.flatMap((part) => (part.kind === "plural" ? [[...part.forms.keys()]] : []));
}
