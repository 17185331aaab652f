import { repetition } from '../format.ts';
import { type ArrowField, arrowType } from './arrow-fields.ts';
import { annotationText, typeText } from './column-kind.ts';
import { type FlatSchema, type SchemaNode, schemaTree } from './schema-node.ts';

/**
 * Whether an Arrow schema says nothing that an Arrow reader would not make of the Parquet schema alone: the same names and nesting, types
 * that follow from the Parquet ones, no dictionaries, and no metadata but field ids. Such a one may be left out of a file,
 * which a file needs whose columns are not those that it describes. Time zones, durations, large and fixed-size lists, extension types
 * and dictionaries are more than Parquet says.
 */
export function isPlainArrowSchema(fields: readonly ArrowField[], schema: FlatSchema): boolean {
  return areAlike(fields, schemaTree(schema).children);
}

function areAlike(fields: readonly ArrowField[], nodes: readonly SchemaNode[]): boolean {
  return (
    fields.length === nodes.length &&
    nodes.every((node, i) => {
      const field = fields[i];
      return field !== undefined && isAlike(field, node);
    })
  );
}

function isAlike(field: ArrowField, node: SchemaNode, name = field[0]): boolean {
  const [, nullable, typeId, parameters, dictionary, children, metadata] = field;
  if (name !== node.element.name || (dictionary ?? null) !== null) return false;
  if ((nullable === 0) !== (node.repetition === repetition.REQUIRED)) return false;
  if (
    !metadata.every(([key, value]) => key === 'PARQUET:field_id' && value === String(node.element.fieldId))
  ) {
    return false;
  }
  switch (typeId) {
    case arrowType.STRUCT:
      return node.leafIndex === undefined && annotationText(node) === '' && areAlike(children, node.children);
    case arrowType.LIST: {
      const [entries] = node.children;
      const [inner] = children;
      if (typeText(node) !== 'group (LIST)' || !isEntries(entries, 1) || inner === undefined) return false;
      const [element] = entries.children;
      // Arrow says `item` where Parquet has `element`, and reads `element`.
      return element !== undefined && isAlike(inner, element, element.element.name);
    }
    case arrowType.MAP: {
      const [entries] = node.children;
      const [inner] = children;
      if (typeText(node) !== 'group (MAP)' || !isEntries(entries, 2) || inner === undefined) return false;
      return parameters[0] === 0 && areAlike(inner[5], entries.children);
    }
    default:
      return node.leafIndex !== undefined && isTypeOf(typeText(node), typeId, parameters);
  }
}

function isEntries(node: SchemaNode | undefined, columns: number): node is SchemaNode {
  return (
    node?.repetition === repetition.REPEATED &&
    node.children.length === columns &&
    annotationText(node) === '' &&
    node.element.type === undefined
  );
}

const units = ['', 'MILLIS', 'MICROS', 'NANOS'];

// Whether an Arrow reader makes this Arrow type of that Parquet type, when nothing else is said.
function isTypeOf(text: string, typeId: number, parameters: readonly unknown[]): boolean {
  const [first, second, third] = parameters;
  switch (typeId) {
    case arrowType.DECIMAL:
      return Number(first) <= 38 && third === 128 && text.endsWith(`(DECIMAL(${first}, ${second}))`);
    case arrowType.TIME: {
      const unit = units[Number(first)] ?? '';
      const type = second === 32 ? 'INT32' : 'INT64';
      return unit !== '' && [`${type} (TIME(${unit}, UTC))`, `${type} (TIME(${unit}, local))`].includes(text);
    }
    default:
      return text === parquetType(typeId, parameters);
  }
}

// The text of the one Parquet type that an Arrow reader makes an Arrow type of.
function parquetType(typeId: number, parameters: readonly unknown[]): string | undefined {
  const [first, second] = parameters;
  switch (typeId) {
    case arrowType.INT: {
      const bits = Number(first);
      const isSigned = second !== 0;
      const type = bits === 64 ? 'INT64' : 'INT32';
      return isSigned && bits >= 32
        ? type
        : `${type} (INTEGER(${bits}, ${isSigned ? 'signed' : 'unsigned'}))`;
    }
    case arrowType.FLOATING_POINT:
      return ['FIXED_LEN_BYTE_ARRAY(2) (FLOAT16)', 'FLOAT', 'DOUBLE'][Number(first)];
    case arrowType.BINARY:
      return 'BYTE_ARRAY';
    case arrowType.UTF8:
      return 'BYTE_ARRAY (STRING)';
    case arrowType.BOOL:
      return 'BOOLEAN';
    case arrowType.DATE:
      return first === 0 ? 'INT32 (DATE)' : undefined;
    case arrowType.TIMESTAMP: {
      const unit = units[Number(first)] ?? '';
      const zone = second === undefined || second === null ? 'local' : second === 'UTC' ? 'UTC' : '';
      return unit === '' || zone === '' ? undefined : `INT64 (TIMESTAMP(${unit}, ${zone}))`;
    }
    case arrowType.FIXED_SIZE_BINARY:
      return `FIXED_LEN_BYTE_ARRAY(${String(first)})`;
    default:
      return undefined;
  }
}
