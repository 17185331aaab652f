const EXPONENT: u64 = 0x7ff0000000000000;
const MANTISSA: u64 = 0x7fffff;

/** See `Kernel.mapLevels`. */
export function mapLevels(from: usize, count: i32, table: usize, to: usize): void {
  for (let i: usize = 0; i < usize(count); i++) store<u8>(to + i, load<u8>(table + load<u8>(from + i)));
}

/** See `Kernel.projectLevels`. */
export function projectLevels(
  repetition: usize,
  definition: usize,
  count: i32,
  keptRepetition: i32,
  table: usize,
  toRepetition: usize,
  toDefinition: usize,
): i32 {
  let kept: usize = 0;
  for (let i: usize = 0; i < usize(count); i++) {
    const level = load<u8>(repetition + i);
    if (i32(level) > keptRepetition) continue;
    store<u8>(toRepetition + kept, level);
    store<u8>(toDefinition + kept, load<u8>(table + load<u8>(definition + i)));
    kept++;
  }
  return i32(kept);
}

/** See `Kernel.widenIntegers`. */
export function widenIntegers(isSigned: i32, from: usize, count: i32, to: usize): void {
  for (let i: usize = 0; i < usize(count); i++) {
    const value = load<u32>(from + (i << 2));
    store<u64>(to + (i << 3), isSigned !== 0 ? u64(i64(i32(value))) : u64(value));
  }
}

/** See `Kernel.widenFloats`. */
export function widenFloats(from: usize, count: i32, to: usize): void {
  for (let i: usize = 0; i < usize(count); i++) {
    const bits = load<u32>(from + (i << 2));
    const target = to + (i << 3);
    if (((bits >> 23) & 0xff) === 0xff) {
      // The processor would make a signalling NaN a quiet one.
      store<u64>(target, ((u64(bits) >> 31) << 63) | EXPONENT | ((u64(bits) & MANTISSA) << 29));
    } else {
      store<f64>(target, f64(reinterpret<f32>(bits)));
    }
  }
}
