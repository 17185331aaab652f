import { corrupt } from '../format-error.ts';
import {
  beginStruct,
  type CompactCursor,
  endStruct,
  nextField,
  readI64,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';
import {
  beginStruct as beginWritten,
  type CompactWriter,
  putRange,
  putZigzag,
  writeRawField,
} from '../thrift/compact-writer.ts';

/** A copy of thrift bytes under way, in which file offsets grow. */
export interface ShiftedCopy {
  readonly from: CompactCursor;
  readonly to: CompactWriter;
  /** Added to every file offset. */
  readonly offsetBytes: number;
}

/** What becomes of a field: `keep` it byte for byte, `shift` the file offset it holds, or copy its value by a function. */
export type FieldFate<C extends ShiftedCopy> = 'keep' | 'shift' | ((copy: C) => void);

/** The fates of a struct's fields by their ids. A field without one is left out. */
export type FieldFates<C extends ShiftedCopy> = readonly (FieldFate<C> | undefined)[];

const nothing = new Uint8Array(0);

/** Copies the struct at the cursor, field by field. Stretches without a change are copied as they are. */
export function copyFields<C extends ShiftedCopy>(copy: C, fates: FieldFates<C>): void {
  const { from, to } = copy;
  const outer = beginStruct(from);
  const outerWritten = beginWritten(to);
  let copiedTo = from.position;
  let isAfterGap = false;
  for (let headerAt = from.position; nextField(from); headerAt = from.position) {
    const id = from.fieldId;
    const type = from.fieldType;
    const fate = fates[id];
    // An offset of another type is one that readers pass over.
    if (fate === undefined || (fate === 'shift' && type !== wireType.I64)) {
      putRange(to, from.bytes, copiedTo, headerAt);
      skipField(from);
      copiedTo = from.position;
      isAfterGap = true;
      continue;
    }
    // A field's header says how far it is from the one before.
    if (isAfterGap) {
      writeRawField(to, id, type, nothing);
      copiedTo = from.position;
      isAfterGap = false;
    }
    to.lastFieldId = id;
    if (fate === 'keep') {
      skipField(from);
      continue;
    }
    putRange(to, from.bytes, copiedTo, from.position);
    if (fate === 'shift') {
      putZigzag(to, shifted(readI64(from), copy.offsetBytes));
    } else {
      fate(copy);
    }
    copiedTo = from.position;
  }
  putRange(to, from.bytes, copiedTo, from.position);
  endStruct(from, outer);
  to.lastFieldId = outerWritten;
}

/** 0, where the magic lies, means "none", and so does what is less. */
function shifted(offset: number, byBytes: number): number {
  if (offset <= 0) return offset;
  const sum = offset + byBytes;
  if (sum >= 2 ** 52) throw corrupt(`file offset ${offset} is out of range`);
  return sum;
}
