import { createHash } from 'node:crypto';
import type { MessageAttributes } from './model.ts';

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/**
 * The MD5 of message attributes ("Calculating the MD5 message digest for message attributes"): by name, each of name,
 * type, transport byte (1 string, 2 binary) and value, every part with its length as four bytes before it.
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (part: Uint8Array): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  };
  for (const name of names) {
    const attribute = attributes[name];
    if (attribute === undefined) continue;
    add(Buffer.from(name));
    add(Buffer.from(attribute.DataType));
    if (attribute.BinaryValue !== undefined) {
      hash.update(Uint8Array.of(2));
      add(Buffer.from(attribute.BinaryValue, 'base64'));
    } else {
      hash.update(Uint8Array.of(1));
      add(Buffer.from(attribute.StringValue ?? ''));
    }
  }
  return hash.digest('hex');
}

/** Bytes of body and attributes (names, types and values count), as the size limit counts them. */
export function messageSize(body: string, attributes: MessageAttributes): number {
  let size = Buffer.byteLength(body);
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType);
    size += BinaryValue === undefined ? Buffer.byteLength(StringValue ?? '') : Buffer.byteLength(BinaryValue, 'base64');
  }
  return size;
}
