/** CRC-32 of what lies between two addresses, eight bytes at a time; `table` is `crcTable` of ../crc-table.ts. */
export function crc32(table: usize, from: usize, end: usize): u32 {
  let crc: u32 = 0xffffffff;
  for (; from + 8 <= end; from += 8) {
    const low = load<u32>(from) ^ crc;
    const high = load<u32>(from, 4);
    crc =
      load<u32>(table + (usize(low & 255) << 2), 7168) ^
      load<u32>(table + (usize((low >> 8) & 255) << 2), 6144) ^
      load<u32>(table + (usize((low >> 16) & 255) << 2), 5120) ^
      load<u32>(table + (usize(low >> 24) << 2), 4096) ^
      load<u32>(table + (usize(high & 255) << 2), 3072) ^
      load<u32>(table + (usize((high >> 8) & 255) << 2), 2048) ^
      load<u32>(table + (usize((high >> 16) & 255) << 2), 1024) ^
      load<u32>(table + (usize(high >> 24) << 2));
  }
  for (; from < end; from++) crc = (crc >> 8) ^ load<u32>(table + (usize((crc ^ load<u8>(from)) & 255) << 2));
  return ~crc;
}
