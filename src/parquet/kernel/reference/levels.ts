import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

/** The kernel's handling of levels in TypeScript. */
export function levelsReference(views: Views): Pick<Kernel, 'countLevels' | 'rowEnd' | 'pageEnd'> {
  return {
    countLevels: (from, count, level) => {
      let found = 0;
      for (let i = 0; i < count; i++) if (views.view.getUint8(from + i) === level) found++;
      return found;
    },
    rowEnd: (repetition, from, count, rows) => {
      let left = rows;
      let to = from;
      for (; to < count; to++) {
        if (views.view.getUint8(repetition + to) !== 0) continue;
        if (left === 0) break;
        left--;
      }
      views.words[0] = left;
      return to;
    },
    pageEnd: (
      repetition,
      definition,
      max,
      entry,
      entryCount,
      value,
      offsets,
      valueBits,
      pageRows,
      pageSizeBytes,
    ) => {
      const { view } = views;
      let e = entry;
      let v = value;
      let rows = 0;
      for (; e < entryCount; e++) {
        if (repetition === 0 || view.getUint8(repetition + e) === 0) {
          const sizeBytes =
            offsets === 0
              ? Math.floor(((v - value) * valueBits) / 8)
              : view.getUint32(offsets + v * 4, true) - view.getUint32(offsets + value * 4, true);
          if (rows > 0 && (rows >= pageRows || sizeBytes >= pageSizeBytes)) break;
          rows++;
        }
        if (definition === 0 || view.getUint8(definition + e) === max) v++;
      }
      views.words[0] = v;
      return e;
    },
  };
}
