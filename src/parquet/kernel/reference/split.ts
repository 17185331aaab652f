import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

/** BYTE_STREAM_SPLIT (parquet-format, Encodings) of the kernel in TypeScript. */
export function splitReference(views: Views): Pick<Kernel, 'splitDecode' | 'splitEncode'> {
  return {
    splitDecode: (from, width, count, to) => {
      const { bytes } = views;
      for (let k = 0; k < width; k++) {
        for (let i = 0; i < count; i++) bytes[to + i * width + k] = bytes[from + k * count + i] as number;
      }
    },
    splitEncode: (from, width, count, to) => {
      const { bytes } = views;
      for (let k = 0; k < width; k++) {
        for (let i = 0; i < count; i++) bytes[to + k * count + i] = bytes[from + i * width + k] as number;
      }
    },
  };
}
