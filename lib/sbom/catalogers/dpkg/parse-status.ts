import { z } from 'zod';
import { once } from '../../../core/once.ts';
import {
  type ControlParagraph,
  parseControl,
  parseRelations,
  parseSource,
} from '../../../formats/debian-control/index.ts';
import type { FileKind } from '../cataloger.ts';

const recordSchema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    arch: z.string().optional(),
    source: z.object({ name: z.string(), version: z.string().optional() }).optional(),
    maintainer: z.string().optional(),
    /** Lists of alternatives, versions left out. */
    depends: z.array(z.array(z.string())),
    provides: z.array(z.string()),
  }),
);
export type DpkgRecord = z.infer<ReturnType<typeof recordSchema>>;

const schema = once(() => z.array(recordSchema()));

const common = { version: 1, importance: 'database', schema } as const;

/** dpkg's database: `var/lib/dpkg/status`, also of file trees below the root. */
export const statusFile: FileKind<DpkgRecord[]> = {
  ...common,
  id: 'dpkg-status',
  match: { names: ['status'], accepts: (path) => /(?:^|\/)lib\/dpkg\/status$/.test(path) },
  maxBytes: 128 * 1024 * 1024,
  parse: parseStatus,
};

/** Images without dpkg (distroless) have a file for each package in `status.d`, beside its `.md5sums`. */
export const statusDirectoryFile: FileKind<DpkgRecord[]> = {
  ...common,
  id: 'dpkg-status-d',
  match: {
    directories: ['status.d'],
    accepts: (path) => /(?:^|\/)lib\/dpkg\/status\.d\/[^/]+$/.test(path) && !path.endsWith('.md5sums'),
  },
  maxBytes: 4 * 1024 * 1024,
  parse: parseStatus,
};

const WANTED = new Set([
  'package',
  'version',
  'status',
  'architecture',
  'source',
  'maintainer',
  'depends',
  'pre-depends',
  'provides',
]);

function parseStatus(content: Buffer): DpkgRecord[] {
  const records: DpkgRecord[] = [];
  for (const paragraph of parseControl(content.toString('utf8'), WANTED)) {
    const record = toRecord(paragraph);
    if (record) records.push(record);
  }
  return records;
}

/** Undefined for packages that were removed and of which only the configuration is left (dpkg(1), "Package states"). */
function toRecord(fields: ControlParagraph): DpkgRecord | undefined {
  const name = fields.get('package');
  const version = fields.get('version');
  if (!name || !version || isRemoved(fields.get('status'))) return undefined;
  const source = fields.get('source');
  return {
    name,
    version,
    arch: fields.get('architecture') || undefined,
    source: source ? parseSource(source) : undefined,
    maintainer: fields.get('maintainer') || undefined,
    depends: [...parseRelations(fields.get('pre-depends') ?? ''), ...parseRelations(fields.get('depends') ?? '')],
    provides: parseRelations(fields.get('provides') ?? '').flat(),
  };
}

/** `Status: <wanted> <flag> <state>`; the files of status.d have none. */
function isRemoved(status: string | undefined): boolean {
  if (!status) return false;
  const state = status.split(/\s+/)[2];
  return state === 'config-files' || state === 'not-installed';
}
