import { writeElf } from '../../formats/executable/write-executable.ts';

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const ggufText = (text: string): Buffer => Buffer.concat([u64(text.length), Buffer.from(text)]);
const ggufPair = (key: string, value: string): Buffer => Buffer.concat([ggufText(key), u32(8), ggufText(value)]);

/** "GGUF", version 3. */
export function gguf(weights = 0): Buffer {
  const pairs = [
    ggufPair('general.architecture', 'llama'),
    ggufPair('general.name', 'Tiny'),
    ggufPair('general.license', 'Apache-2.0'),
    Buffer.concat([ggufText('llama.context_length'), u32(4), u32(2048)]),
    // A list ends what is read: it may be longer than the head.
    Buffer.concat([ggufText('tokenizer.ggml.tokens'), u32(9), u32(8), u64(1e9)]),
  ];
  return Buffer.concat([Buffer.from('GGUF'), u32(3), u64(2), u64(pairs.length), ...pairs, Buffer.alloc(weights)]);
}

export function safetensors(weights: number): Buffer {
  const header = JSON.stringify({
    __metadata__: { format: 'pt', license: 'MIT' },
    a: { dtype: 'F16', shape: [10, 20], data_offsets: [0, 400] },
    b: { dtype: 'F32', shape: [5], data_offsets: [400, 420] },
  });
  return Buffer.concat([u64(header.length), Buffer.from(header), Buffer.alloc(weights)]);
}

const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
};
export const onnx = Buffer.concat([
  Buffer.from([8, 9]),
  field(2, 'pytorch'),
  field(3, '2.1'),
  field(7, Buffer.alloc(100)),
]);
export const savedModel = Buffer.concat([
  Buffer.from([8, 1]),
  field(2, field(1, Buffer.concat([field(4, 'serve'), field(5, '2.15.0')]))),
]);

export function zipEntry(name: string): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name), Buffer.alloc(200)]);
}

export function wasm(sections: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(sections).map(([name, content]) => {
    const inner = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), content]);
    return Buffer.concat([Buffer.from([0, (inner.length & 0x7f) | 0x80, inner.length >> 7]), inner]);
  });
  return Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), ...parts]);
}
export const short = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

export function kernel(version: string): Buffer {
  const bytes = Buffer.alloc(0x1000);
  bytes.write('HdrS', 0x202, 'latin1');
  bytes.writeUInt16LE(0x300, 0x20e);
  bytes.write(`${version} (builder@host) #1 SMP\0`, 0x500, 'latin1');
  return bytes;
}
export const module = writeElf([
  {
    name: '.modinfo',
    content: Buffer.from('license=GPL\0depends=spl\0name=zfs\0version=2.1.5\0vermagic=5.15.0-1031 SMP mod_unload\0'),
  },
]);
export const spl = writeElf([{ name: '.modinfo', content: Buffer.from('name=spl\0vermagic=5.15.0-1031 SMP\0') }]);
