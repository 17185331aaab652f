import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

type Evolution = Pick<Kernel, 'mapLevels' | 'projectLevels' | 'widenIntegers' | 'widenFloats'>;

/** The kernel's handling of levels and values of another schema in TypeScript. */
export function evolutionReference(views: Views): Evolution {
  return {
    mapLevels: (from, count, table, to) => {
      const { view } = views;
      for (let i = 0; i < count; i++) view.setUint8(to + i, view.getUint8(table + view.getUint8(from + i)));
    },
    projectLevels: (repetition, definition, count, keptRepetition, table, toRepetition, toDefinition) => {
      const { view } = views;
      let kept = 0;
      for (let i = 0; i < count; i++) {
        const level = view.getUint8(repetition + i);
        if (level > keptRepetition) continue;
        view.setUint8(toRepetition + kept, level);
        view.setUint8(toDefinition + kept, view.getUint8(table + view.getUint8(definition + i)));
        kept++;
      }
      return kept;
    },
    widenIntegers: (isSigned, from, count, to) => {
      const { view } = views;
      for (let i = 0; i < count; i++) {
        const value = view.getInt32(from + i * 4, true);
        view.setInt32(to + i * 8, value, true);
        view.setInt32(to + i * 8 + 4, isSigned !== 0 && value < 0 ? -1 : 0, true);
      }
    },
    widenFloats: (from, count, to) => {
      const { view } = views;
      for (let i = 0; i < count; i++) {
        const [low, high] = doubleWords(view.getUint32(from + i * 4, true));
        view.setUint32(to + i * 8, low, true);
        view.setUint32(to + i * 8 + 4, high, true);
      }
    },
  };
}

// The bits of the double that is the float of these bits: a JavaScript number would lose those of a NaN.
function doubleWords(bits: number): readonly [number, number] {
  const sign = bits & 0x80000000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  const words = (exponentBits: number, mantissaBits: number): readonly [number, number] => [
    mantissaBits << 29,
    sign | (exponentBits << 20) | (mantissaBits >>> 3),
  ];
  if (exponent === 0xff) return words(0x7ff, mantissa);
  if (exponent !== 0) return words(exponent + 1023 - 127, mantissa);
  if (mantissa === 0) return words(0, 0);
  const shift = Math.clz32(mantissa) - 8;
  return words(1 - shift + 1023 - 127, (mantissa << shift) & 0x7fffff);
}
