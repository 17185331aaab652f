import { compareValues, isNan } from '../../compare-values.ts';
import type { SortOrder } from '../../metadata/sort-order.ts';
import type { Kernel } from '../kernel.ts';
import { orderNames } from '../orders.ts';
import type { Views } from './views.ts';

/** The kernel's search for the least and the greatest value in TypeScript. */
export function extremesReference(views: Views): Pick<Kernel, 'findExtremes'> {
  return {
    findExtremes: (orderNumber, width, bytes, offsets, count, used) => {
      const order: SortOrder = orderNames[orderNumber] ?? 'none';
      const bytesOf = (i: number): Uint8Array => {
        if (width > 0) return views.bytes.subarray(bytes + i * width, bytes + (i + 1) * width);
        const start = bytes + views.view.getUint32(offsets + i * 4, true) + 4;
        return views.bytes.subarray(start, bytes + views.view.getUint32(offsets + i * 4 + 4, true));
      };
      let min = -1;
      let max = -1;
      let nans = 0;
      for (let i = 0; i < count; i++) {
        if (used !== 0 && views.bytes[used + i] === 0) continue;
        const value = bytesOf(i);
        if (isNan(order, value)) {
          nans++;
          continue;
        }
        if (min < 0 || compareValues(order, value, bytesOf(min)) < 0) min = i;
        if (max < 0 || compareValues(order, value, bytesOf(max)) > 0) max = i;
      }
      views.words.set([min, max, nans]);
    },
  };
}
