/** The CRC of bzip2: polynomial 0x04c11db7, the highest bit first. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

export function updateCrc(crc: number, bytes: Uint8Array, length: number): number {
  let value = crc;
  for (let i = 0; i < length; i++) {
    value = (value << 8) ^ (TABLE[((value >>> 24) ^ (bytes[i] as number)) & 0xff] as number);
  }
  return value >>> 0;
}
