import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';
import { stemOf } from '../head-scan.ts';
import { crateListSchema, parseAuditData } from '../rust/parse-audit-data.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    about: z.record(z.string(), z.string()),
    crates: crateListSchema().optional(),
  }),
);
export type WasmRecord = z.infer<ReturnType<typeof schema>>;

const MAGIC = Buffer.from([0, 0x61, 0x73, 0x6d]);
const MAX_SECTIONS = 100_000;
const MAX_TEXT = 512;

/** A WebAssembly module or component, known by its first bytes. */
export const wasmFile: FileKind<WasmRecord> = {
  id: 'wasm',
  version: 1,
  match: { begins: (head) => MAGIC.equals(head.subarray(0, 4)) },
  maxBytes: 64 * 1024 * 1024,
  importance: 'file',
  bulky: true,
  parse: parseWasm,
  schema,
};

/**
 * Custom sections tell who made it (WebAssembly specification, "Custom Section"; tool conventions, "Producers"): `name`,
 * `producers`, of components `version`, and `.dep-v0` of cargo-auditable.
 */
function parseWasm(bytes: Buffer, path: string): WasmRecord | undefined {
  if (bytes.length < 8 || !MAGIC.equals(bytes.subarray(0, 4))) return undefined;
  const custom = customSections(bytes);
  const about = producers(custom.get('producers'));
  about.set('format', bytes.readUInt16LE(6) === 1 ? 'wasm component' : 'wasm module');
  const audit = custom.get('.dep-v0');
  return {
    name: nameIn(custom.get('name') ?? custom.get('component-name')) || stemOf(path),
    version: text(custom.get('version')),
    about: Object.fromEntries(about),
    ...(audit ? { crates: parseAuditData(audit) } : {}),
  };
}

const text = (bytes: Buffer | undefined): string =>
  bytes && bytes.length <= MAX_TEXT ? bytes.toString('utf8').replace(/\p{C}/gu, '').trim() : '';

function customSections(bytes: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const cursor = createReader(bytes, 8);
  for (let i = 0; i < MAX_SECTIONS; i++) {
    const id = cursor.byte();
    const content = cursor.bytes();
    if (id === undefined || !content) break;
    if (id !== 0) continue;
    const inner = createReader(content, 0);
    const name = inner.bytes()?.toString('utf8');
    if (name !== undefined && !found.has(name)) found.set(name, inner.rest());
  }
  return found;
}

/** Subsection 0 of `name` is the name of the module. */
function nameIn(section: Buffer | undefined): string {
  const reader = section && createReader(section, 0);
  return reader?.byte() === 0 ? text(createReader(reader.bytes() ?? Buffer.alloc(0), 0).bytes()) : '';
}

/** Fields (`language`, `processed-by`, `sdk`), each with names and versions. */
function producers(section: Buffer | undefined): Map<string, string> {
  const found = new Map<string, string>();
  if (!section) return found;
  const reader = createReader(section, 0);
  for (let field = Math.min(reader.number() ?? 0, 10); field > 0; field--) {
    const key = text(reader.bytes());
    const values: string[] = [];
    for (let value = Math.min(reader.number() ?? 0, 50); value > 0; value--) {
      values.push(`${text(reader.bytes())} ${text(reader.bytes())}`.trim());
    }
    if (/^[a-z-]{1,30}$/.test(key)) found.set(key, values.join(', ').slice(0, MAX_TEXT));
  }
  return found;
}

function createReader(bytes: Buffer, start: number) {
  let at = start;
  /** Unsigned LEB128 of 32 bits. */
  const number = (): number | undefined => {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  return {
    number,
    byte: (): number | undefined => bytes[at++],
    bytes(): Buffer | undefined {
      const length = number();
      if (length === undefined || length > bytes.length - at) return undefined;
      at += length;
      return bytes.subarray(at - length, at);
    },
    rest: (): Buffer => bytes.subarray(at),
  };
}
