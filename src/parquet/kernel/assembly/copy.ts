/**
 * Copies a few bytes, eight at a time: up to seven bytes behind the last are read and written, which are slack or are
 * written again. Source and target do not overlap.
 */
export function copyShort(to: usize, from: usize, length: u32): void {
  if (length > 64) {
    memory.copy(to, from, usize(length));
    return;
  }
  for (let i: usize = 0; i < usize(length); i += 8) store<u64>(to + i, load<u64>(from + i));
}

/** The same for any number of bytes, sixteen at a time: up to fifteen bytes behind the last are read and written. */
export function copyWide(to: usize, from: usize, length: usize): void {
  if (length > 256) {
    memory.copy(to, from, length);
    return;
  }
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}
