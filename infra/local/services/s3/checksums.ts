import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** S3 User Guide, "Checking object integrity": the algorithms of the `x-amz-checksum-<name>` headers answered here. */
export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export const isChecksumAlgorithm = (name: string): name is ChecksumAlgorithm =>
  CHECKSUM_ALGORITHMS.some((known) => known === name);

/** Those that S3 computes over the whole object of a multipart upload; of the others it makes a checksum of checksums. */
export const isCrc = (algorithm: ChecksumAlgorithm): boolean => algorithm.startsWith('crc');

export interface Checksum {
  update(chunk: Uint8Array): void;
  /** Base64 of the big-endian value; asked for once. */
  value(): string;
}

export function createChecksum(algorithm: ChecksumAlgorithm): Checksum {
  switch (algorithm) {
    case 'crc32': {
      let crc = 0;
      return {
        update: (chunk) => {
          crc = crc32(chunk, crc);
        },
        value: () => base64OfUint32(crc),
      };
    }
    case 'crc32c':
      return crc32c();
    case 'crc64nvme':
      return crc64nvme();
    case 'sha1':
    case 'sha256': {
      const hash = createHash(algorithm);
      return { update: (chunk) => void hash.update(chunk), value: () => hash.digest('base64') };
    }
  }
}

export function checksumOf(algorithm: ChecksumAlgorithm, content: Uint8Array): string {
  const checksum = createChecksum(algorithm);
  checksum.update(content);
  return checksum.value();
}

function base64OfUint32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
}

/** CRC-32C (Castagnoli, RFC 3720 section 12.1), reflected polynomial 0x82F63B78. */
function crc32c(): Checksum {
  castagnoli ??= castagnoliTable();
  const table = castagnoli;
  let crc = 0xffffffff;
  return {
    update: (chunk) => {
      for (let i = 0; i < chunk.length; i++) {
        crc = (table[(crc ^ (chunk[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
      }
    },
    value: () => base64OfUint32(~crc),
  };
}

let castagnoli: Uint32Array | undefined;

function castagnoliTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    table[i] = c >>> 0;
  }
  return table;
}

/** CRC-64/NVME (NVM Express NVM Command Set specification 1.0d, section 5.2.1.3.4), in two halves of 32 bits. */
function crc64nvme(): Checksum {
  nvme ??= nvmeTables();
  const { high, low } = nvme;
  let h = 0xffffffff;
  let l = 0xffffffff;
  return {
    update: (chunk) => {
      for (let i = 0; i < chunk.length; i++) {
        const at = (l ^ (chunk[i] ?? 0)) & 0xff;
        l = ((l >>> 8) | (h << 24)) ^ (low[at] ?? 0);
        h = (h >>> 8) ^ (high[at] ?? 0);
      }
    },
    value: () => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE(~h >>> 0);
      bytes.writeUInt32BE(~l >>> 0, 4);
      return bytes.toString('base64');
    },
  };
}

let nvme: { readonly high: Uint32Array; readonly low: Uint32Array } | undefined;

function nvmeTables(): { readonly high: Uint32Array; readonly low: Uint32Array } {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let c = BigInt(i);
    for (let bit = 0; bit < 8; bit++) c = c & 1n ? (c >> 1n) ^ 0x9a6c9329ac4bc9b5n : c >> 1n;
    high[i] = Number(c >> 32n);
    low[i] = Number(c & 0xffffffffn);
  }
  return { high, low };
}
