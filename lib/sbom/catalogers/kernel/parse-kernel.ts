import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';
import { scanHead } from '../head-scan.ts';

const schema = once(() => z.object({ name: z.string(), version: z.string() }));
const HEAD_BYTES = 64 * 1024;

/** An image of the Linux kernel for x86, as boot loaders load it. */
export const kernelFile: FileKind<z.infer<ReturnType<typeof schema>>> = {
  id: 'linux-kernel',
  version: 1,
  match: {
    names: ['vmlinuz', 'bzImage'],
    directories: ['boot'],
    accepts: (path) => /(?:^|\/)(?:vmlinuz|bzImage|kernel)(?:-[^/]+)?$/.test(path),
  },
  maxBytes: HEAD_BYTES,
  importance: 'file',
  bulky: true,
  parse: parseKernel,
  scan: () => scanHead(HEAD_BYTES, parseKernel),
  schema,
};

/** "The Linux/x86 Boot Protocol": `HdrS` at 0x202, and at 0x20e where the text with the version is, from 0x200. */
function parseKernel(head: Buffer): { name: string; version: string } | undefined {
  if (head.length < 0x210 || head.toString('latin1', 0x202, 0x206) !== 'HdrS') return undefined;
  const at = head.readUInt16LE(0x20e) + 0x200;
  const [version] = head.toString('latin1', at, at + 256).split(/[\s\0]/);
  return version && /^\d+\.\d+/.test(version) ? { name: 'linux-kernel', version } : undefined;
}
