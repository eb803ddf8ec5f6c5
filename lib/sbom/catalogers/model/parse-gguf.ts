import { type ModelHead, modelFile } from './model-file.ts';

const MAGIC = Buffer.from('GGUF');
const HEAD_BYTES = 4 * 1024 * 1024;
/** Keys of a model are some dozens. */
const MAX_KEYS = 1000;
const TEXT = 8;
const LIST = 9;
/** Bytes of the simple types, by their numbers; texts and lists are read apart. */
const SIZES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);

/**
 * llama.cpp's format ("GGUF", version 2 and 3): counts, then keys with values, of which those of the model come first and
 * lists of tokens last. Reading ends where the head does.
 */
function readGguf(head: Buffer): ModelHead | undefined {
  if (head.length < 24 || !head.subarray(0, 4).equals(MAGIC)) return undefined;
  const version = head.readUInt32LE(4);
  if (version < 2 || version > 3) return { about: [['format', `gguf ${version}`]] };
  const values = readValues(head, Math.min(MAX_KEYS, Number(head.readBigUInt64LE(16))));
  const architecture = values.get('general.architecture');
  return {
    name: values.get('general.name'),
    version: values.get('general.version'),
    license: values.get('general.license'),
    about: [
      ['format', `gguf ${version}`],
      ['architecture', architecture],
      ['tensors', Number(head.readBigUInt64LE(8))],
      ['size', values.get('general.size_label')],
      ['base', values.get('general.base_model.0.repo_url') ?? values.get('general.base_model.0.name')],
      ['author', values.get('general.author') ?? values.get('general.organization')],
      ['context', architecture && values.get(`${architecture}.context_length`)],
    ],
  };
}

function readValues(head: Buffer, count: number): Map<string, string> {
  const values = new Map<string, string>();
  let at = 24;
  const text = (): string | undefined => {
    if (at + 8 > head.length) return undefined;
    const length = Number(head.readBigUInt64LE(at));
    if (length > head.length - at - 8) return undefined;
    at += 8 + length;
    return head.toString('utf8', at - length, at);
  };
  for (let i = 0; i < count; i++) {
    const key = text();
    if (key === undefined || at + 4 > head.length) break;
    const type = head.readUInt32LE(at);
    at += 4;
    const value = type === TEXT ? text() : type === LIST ? undefined : simple(head, at, type);
    if (value === undefined) break;
    if (type !== TEXT) at += SIZES.get(type) ?? 0;
    values.set(key, value);
  }
  return values;
}

function simple(head: Buffer, at: number, type: number): string | undefined {
  const size = SIZES.get(type);
  if (size === undefined || at + size > head.length) return undefined;
  if (type === 6) return String(head.readFloatLE(at));
  if (type === 12) return String(head.readDoubleLE(at));
  return String(size === 8 ? head.readBigUInt64LE(at) : head.readUIntLE(at, size));
}

export const ggufFile = modelFile(
  'gguf',
  { begins: (head) => MAGIC.equals(head.subarray(0, MAGIC.length)) },
  HEAD_BYTES,
  readGguf,
);
