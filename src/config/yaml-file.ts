import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';

/** A place in a text file, both from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** A YAML file that was parsed: its content as plain data and the places of its keys and values. */
export interface YamlFile {
  /** Plain data; `null` for an empty file. Not to be trusted when there are syntax errors. */
  readonly content: unknown;
  readonly syntaxErrors: readonly (TextPlace & { readonly message: string })[];
  /** Place of the key at this path; of the file's first content for the empty path. */
  keyPlace(path: readonly string[]): TextPlace;
  /** Place of the value at this path; of its key when nothing stands there. */
  valuePlace(path: readonly string[]): TextPlace;
}

/** Parses YAML 1.2. Never throws: what is wrong is in `syntaxErrors`, duplicate keys and unknown tags included. */
export function parseYaml(text: string): YamlFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true });
  const placeAt = (offset: number): TextPlace => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const placeOf = (node: Node | null | undefined): TextPlace => placeAt(node?.range?.[0] ?? 0);

  const pairAt = (path: readonly string[]): { key: Node; value: Node | null } | undefined => {
    let node: unknown = document.contents;
    let found: { key: Node; value: Node | null } | undefined;
    for (const name of path) {
      if (!isMap<Node, Node | null>(node)) return undefined;
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === name);
      if (pair === undefined) return undefined;
      found = { key: pair.key, value: pair.value };
      node = pair.value;
    }
    return found;
  };

  const syntaxErrors = [...document.errors, ...document.warnings].map((error) => ({
    ...placeAt(error.pos[0]),
    message: error.message,
  }));
  let content: unknown = null;
  if (syntaxErrors.length === 0) {
    try {
      content = document.toJS();
    } catch (error) {
      // Aliases without an anchor, and alias bombs, come to light only here.
      const message = error instanceof Error ? error.message : String(error);
      syntaxErrors.push({ ...placeOf(document.contents), message });
    }
  }
  return {
    content,
    syntaxErrors,
    keyPlace: (path) => placeOf(pairAt(path)?.key ?? document.contents),
    valuePlace: (path) => {
      const pair = pairAt(path);
      if (pair === undefined) return placeOf(document.contents);
      return isScalar(pair.value) && pair.value.value === null && pair.value.source === ''
        ? placeOf(pair.key)
        : placeOf(pair.value ?? pair.key);
    },
  };
}
