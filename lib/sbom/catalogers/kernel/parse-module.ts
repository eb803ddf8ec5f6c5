import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { readExecutables } from '../../../formats/executable/index.ts';
import { unxz } from '../../../formats/xz/index.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    license: z.string().optional(),
    author: z.string().optional(),
    /** Of the kernel that it was built for. */
    kernel: z.string(),
    requires: z.array(z.string()),
  }),
);
export type ModuleRecord = z.infer<ReturnType<typeof schema>>;

const MAX_UNPACKED = 64 * 1024 * 1024;

/** A module of the Linux kernel, as distributions pack it. */
export const kernelModuleFile: FileKind<ModuleRecord> = {
  id: 'linux-kernel-module',
  version: 2,
  match: {
    extensions: ['ko', 'gz', 'xz', 'zst'],
    accepts: (path) => /(?:^|\/)lib\/modules\/.+\.ko(?:\.gz|\.xz|\.zst)?$/.test(path),
  },
  maxBytes: 32 * 1024 * 1024,
  importance: 'file',
  bulky: true,
  parse: (content, path) => parseModule(unpack(content, path)),
  schema,
};

function unpack(content: Buffer, path: string): Buffer {
  if (path.endsWith('.gz')) return gunzipSync(content, { maxOutputLength: MAX_UNPACKED });
  if (path.endsWith('.xz')) return unxz(content, { maxOutputLength: MAX_UNPACKED });
  if (path.endsWith('.zst')) return zstdDecompressSync(content, { maxOutputLength: MAX_UNPACKED });
  return content;
}

/** The section `.modinfo` has texts `key=value`, each with a zero byte behind it (modinfo(8)). */
function parseModule(bytes: Buffer): ModuleRecord | undefined {
  const section = readExecutables(bytes, ['.modinfo']).flatMap((one) => one.sections)[0];
  if (!section) return undefined;
  const texts = bytes.toString('utf8', section.offset, section.offset + Math.min(section.size, 256 * 1024)).split('\0');
  const values = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    const key = text.slice(0, Math.max(0, equals));
    if (!values.has(key)) values.set(key, text.slice(equals + 1, equals + 513));
  }
  const name = values.get('name');
  const kernel = values.get('vermagic')?.split(' ')[0];
  if (!name || !kernel) return undefined;
  const [license, author] = [values.get('license'), values.get('author')];
  return {
    name,
    version: values.get('version') ?? '',
    ...(license ? { license } : {}),
    ...(author ? { author } : {}),
    kernel,
    requires: (values.get('depends') ?? '').split(',').filter((one) => one !== ''),
  };
}
