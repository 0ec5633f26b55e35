// Reads values that came over the wire without trusting their shape. A field of the wrong type
// reads as its default; what makes a whole shape useless is for each contract to say. Unknown
// fields are ignored, so an older page works with a newer hub.

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const fields = (value: unknown): Fields => (isFields(value) ? value : {});

export const text = (value: unknown): string => (typeof value === "string" ? value : "");

export const textOrNull = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;

export const number = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;

export const numberOrNull = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

export const flag = (value: unknown): boolean => value === true;

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const texts = (value: unknown): readonly string[] =>
  list(value).filter((item): item is string => typeof item === "string");

/** The items that `read` could make sense of. */
export function items<T>(value: unknown, read: (item: unknown) => T | undefined): readonly T[] {
  return list(value).flatMap((item) => {
    const one = read(item);
    return one === undefined ? [] : [one];
  });
}

/** `value` when it is one of `known`, a closed set. */
export function oneOf<const T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((name) => name === value);
}
