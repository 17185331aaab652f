/** What a text says in JSON; undefined when it is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The member `name` of a JSON object; undefined when there is none or `value` is no object. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/** The member at the end of a path of names. */
export function memberAt(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce(member, value);
}

/** The text at `name`, or undefined. */
export function textAt(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === 'string' ? found : undefined;
}

/** The number at `name`, or undefined. */
export function numberAt(value: unknown, name: string): number | undefined {
  const found = member(value, name);
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

/** The elements at a path of names; undefined when there is no array. */
export function elementsAt(value: unknown, ...names: readonly string[]): readonly unknown[] | undefined {
  const found = memberAt(value, ...names);
  return Array.isArray(found) ? found : undefined;
}
