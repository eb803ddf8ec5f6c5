import { createHash } from 'node:crypto';
import { DER, writeDer, writeOid, writeUnsigned } from '../der/index.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** RFC 5754, section 2. */
export const HASH_OIDS: ReadonlyMap<string, HashName> = new Map<string, HashName>([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** `TimeStampReq` (RFC 3161, section 2.4.1) about the data, with the authority's certificate asked for. */
export function encodeTimestampRequest(data: Uint8Array, hash: HashName, nonce: Uint8Array): Uint8Array {
  const [oid = ''] = [...HASH_OIDS].find(([, name]) => name === hash) ?? [];
  const imprint = createHash(hash).update(data).digest();
  return writeDer(
    DER.sequence,
    writeUnsigned(Uint8Array.of(1)),
    writeDer(
      DER.sequence,
      writeDer(DER.sequence, writeOid(oid), writeDer(DER.null)),
      writeDer(DER.octetString, imprint),
    ),
    writeUnsigned(nonce),
    writeDer(DER.boolean, Uint8Array.of(0xff)),
  );
}
