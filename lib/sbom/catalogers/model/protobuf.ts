/** A field of a protocol buffer: a number, or the bytes of a text or message. */
export type Field = { readonly number: number; readonly value: number | Buffer };

/**
 * Reads fields one after the other (protobuf.dev, "Encoding") until the bytes end; a message that goes on behind their end
 * is given as far as it is there.
 */
export function* readFields(bytes: Buffer): Generator<Field> {
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at);
    if (!tag) return;
    at = tag.next;
    const number = Math.floor(tag.value / 8);
    switch (tag.value % 8) {
      case 0: {
        const value = varint(bytes, at);
        if (!value) return;
        yield { number, value: value.value };
        at = value.next;
        break;
      }
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint(bytes, at);
        if (!length) return;
        yield { number, value: bytes.subarray(length.next, length.next + length.value) };
        at = length.next + length.value;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        return;
    }
  }
}

function varint(bytes: Buffer, start: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return Number.isSafeInteger(value) ? { value, next: start + i + 1 } : undefined;
  }
  return undefined;
}

export const textOf = (value: Field['value'] | undefined): string | undefined =>
  Buffer.isBuffer(value) && value.length < 64 * 1024 ? value.toString('utf8') : undefined;
