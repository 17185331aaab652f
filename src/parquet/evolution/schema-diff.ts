import { repetition } from '../format.ts';
import { repetitionText, typeText } from './column-kind.ts';
import { type FlatSchema, pathText, type SchemaNode, schemaTree } from './schema-node.ts';
import {
  columnTraitKey,
  fieldIdTraitKeys,
  isFieldId,
  schemaTraits,
  type TraitConflict,
  traitConflicts,
} from './schema-traits.ts';

/** One thing in which two schemas differ. Plain data. */
export interface SchemaDifference {
  /** Names from below the root, joined by dots; '' where it is about the columns at the top. */
  readonly path: string;
  /**
   * added: only the second schema has the column (and what is below it). missing: only the first has it. annotation: one logical
   * type, written in two ways. position: the columns of this group come in another order.
   */
  readonly what: 'added' | 'missing' | 'type' | 'repetition' | 'annotation' | 'field-id' | 'position';
  /** What the first schema has there, such as `optional INT32 (DATE)`. */
  readonly first?: string;
  readonly second?: string;
  /** Whether files of the two schemas can be merged in spite of it with `schema: compatible`. */
  readonly isMergeable: boolean;
  /** All of that as one sentence without a full stop. */
  readonly sentence: string;
}

/**
 * In what two schemas differ, in the order of the first. Empty exactly when they have the same columns in the same
 * order with equal types, repetition, annotations and field ids.
 */
export function schemaDiff(first: FlatSchema, second: FlatSchema): readonly SchemaDifference[] {
  const conflicts = traitConflicts(schemaTraits(first), schemaTraits(second));
  const keys = new Set(conflicts.map(({ key }) => key));
  const differences: SchemaDifference[] = [];
  compareChildren(schemaTree(first), schemaTree(second), [], differences, keys);
  if (differences.every(({ isMergeable }) => isMergeable)) {
    differences.push(...conflicts.map((conflict) => ofConflict(conflict)));
  }
  return differences;
}

/** The differences as lines for a person: what merges first, then what does not. */
export function schemaDiffLines(differences: readonly SchemaDifference[]): readonly string[] {
  return [
    ...differences.filter(({ isMergeable }) => isMergeable).map(({ sentence }) => `merges: ${sentence}`),
    ...differences
      .filter(({ isMergeable }) => !isMergeable)
      .map(({ sentence }) => `keeps apart: ${sentence}`),
  ];
}

type ConflictKeys = ReadonlySet<string>;

function compareChildren(
  first: SchemaNode,
  second: SchemaNode,
  names: readonly string[],
  differences: SchemaDifference[],
  conflicts: ConflictKeys,
): void {
  const left = new Map(second.children.map((child, i) => [child.element.name, { child, i }]));
  const positions: number[] = [];
  for (const child of first.children) {
    const own = [...names, child.element.name];
    const other = left.get(child.element.name);
    left.delete(child.element.name);
    if (other === undefined) {
      differences.push(oneSided('missing', child, own, conflicts));
      continue;
    }
    positions.push(other.i);
    compareNodes(child, other.child, own, differences, conflicts);
  }
  for (const { child } of left.values()) {
    differences.push(oneSided('added', child, [...names, child.element.name], conflicts));
  }
  if (positions.some((position, i) => position < (positions[i - 1] ?? 0))) {
    const order = (node: SchemaNode): string =>
      pathList(node.children.filter((child) => has(first, child) && has(second, child)));
    const path = pathText(names);
    const where = path === '' ? 'the columns' : `the columns of ${path}`;
    const texts = { first: order(first), second: order(second) };
    differences.push({
      path,
      what: 'position',
      ...texts,
      isMergeable: true,
      sentence: `${where} come in the order ${texts.first}, and in the order ${texts.second}`,
    });
  }
}

function has(node: SchemaNode, child: SchemaNode): boolean {
  return node.children.some(({ element }) => element.name === child.element.name);
}

const namesShown = 10;

function pathList(nodes: readonly SchemaNode[]): string {
  const names = nodes.slice(0, namesShown).map(({ element }) => pathText([element.name]));
  return `${names.join(', ')}${nodes.length > namesShown ? ', …' : ''}`;
}

function oneSided(
  what: 'added' | 'missing',
  node: SchemaNode,
  names: readonly string[],
  conflicts: ConflictKeys,
): SchemaDifference {
  const path = pathText(names);
  const text = `${repetitionText(node)} ${typeText(node)}`;
  const against = reasonAgainst(node, names, conflicts);
  const where = what === 'missing' ? 'first' : 'second';
  return {
    path,
    what,
    ...(what === 'missing' ? { first: text } : { second: text }),
    isMergeable: against === undefined,
    sentence: `column ${path} (${text}) is only in the ${where}${against === undefined ? '' : `; ${against}`}`,
  };
}

// Why a column that the other file does not have keeps the two apart.
function reasonAgainst(
  node: SchemaNode,
  names: readonly string[],
  conflicts: ConflictKeys,
): string | undefined {
  if (conflicts.has(columnTraitKey(names))) return 'the other spells its name in another case';
  if (isAgainst(conflicts, idKeys(node, names))) {
    return `its field id ${node.element.fieldId} has another column in the other`;
  }
  const isRepeated = node.repetition === repetition.REPEATED;
  if (names.length === 1) {
    return isRepeated && conflicts.has('')
      ? 'a repeated column has no null for the rows of the other'
      : undefined;
  }
  if (!conflicts.has(columnTraitKey(names.slice(0, -1)))) return undefined;
  return isRepeated
    ? 'a repeated column has no null for the rows of the other'
    : 'the group around it takes no further column';
}

function compareNodes(
  first: SchemaNode,
  second: SchemaNode,
  names: readonly string[],
  differences: SchemaDifference[],
  conflicts: ConflictKeys,
): void {
  const path = pathText(names);
  const add = (what: SchemaDifference['what'], one: string, other: string, keys: readonly string[]): void => {
    const isMergeable = !isAgainst(conflicts, keys);
    const sentence = `column ${path} is ${one} in the first and ${other} in the second`;
    differences.push({ path, what, first: one, second: other, isMergeable, sentence });
  };
  const keys = [columnTraitKey(names)];
  const [one, other] = [typeText(first), typeText(second)];
  if (one !== other) {
    add('type', `${repetitionText(first)} ${one}`, `${repetitionText(second)} ${other}`, keys);
  } else if (first.repetition !== second.repetition) {
    add('repetition', `${repetitionText(first)} ${one}`, `${repetitionText(second)} ${other}`, keys);
  }
  const [id, otherId] = [first.element.fieldId, second.element.fieldId];
  if (id !== otherId) {
    const idText = (value: number | undefined): string =>
      value === undefined ? 'without a field id' : `of field id ${value}`;
    add('field-id', idText(id), idText(otherId), [...idKeys(first, names), ...idKeys(second, names)]);
  }
  if (one === other && isWrittenOtherwise(first, second)) {
    const how = (node: SchemaNode): string =>
      node.element.logicalType === undefined ? 'a converted type' : 'a logical type';
    add('annotation', `annotated ${one} by ${how(first)}`, `by ${how(second)}`, keys);
  }
  compareChildren(first, second, names, differences, conflicts);
}

function isWrittenOtherwise(first: SchemaNode, second: SchemaNode): boolean {
  const of = ({ element }: SchemaNode): readonly unknown[] => [
    element.convertedType,
    element.logicalType === undefined,
  ];
  const [one, other] = [of(first), of(second)];
  return one.some((value, i) => value !== other[i]);
}

function idKeys(node: SchemaNode, names: readonly string[]): readonly string[] {
  const { fieldId } = node.element;
  return isFieldId(fieldId) ? fieldIdTraitKeys(names, fieldId) : [];
}

function isAgainst(conflicts: ConflictKeys, keys: readonly string[]): boolean {
  return keys.some((key) => conflicts.has(key));
}

// What no single column shows, such as names that differ in case only.
function ofConflict({ key, first, second }: TraitConflict): SchemaDifference {
  const what = key === '' ? 'the schema' : key;
  return {
    path: key.replace(/^.*column /, ''),
    what: 'type',
    first,
    second,
    isMergeable: false,
    sentence: `${what} is ${first} in the first and ${second} in the second`,
  };
}
