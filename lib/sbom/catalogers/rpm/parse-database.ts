import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { type RpmHeader, readRpmDatabase } from '../../../formats/rpm-database/index.ts';
import type { FileKind } from '../cataloger.ts';

const text = once(() => z.string().optional());
const recordSchema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    release: z.string(),
    epoch: z.int().nonnegative().optional(),
    arch: text(),
    sourceRpm: text(),
    vendor: text(),
    license: text(),
    modularityLabel: text(),
    provides: z.array(z.string()),
    requires: z.array(z.string()),
  }),
);
export type RpmRecord = z.infer<ReturnType<typeof recordSchema>>;

const schema = once(() => z.array(recordSchema()));

/**
 * rpm's database: `Packages` (Berkeley DB), `Packages.db` (ndb) or `rpmdb.sqlite`, in `var/lib/rpm`, or in `usr` where the
 * system is image-based or of SUSE; also of file trees below the root.
 */
export const rpmDatabaseFile: FileKind<RpmRecord[]> = {
  id: 'rpm-database',
  version: 1,
  match: {
    names: ['Packages', 'Packages.db', 'rpmdb.sqlite'],
    accepts: (path) => /(?:^|\/)(?:var\/lib|usr\/lib\/sysimage|usr\/share)\/rpm\/[^/]+$/.test(path),
  },
  maxBytes: 256 * 1024 * 1024,
  importance: 'database',
  parse: (content) => readRpmDatabase(content).map(toRecord),
  schema,
};

function toRecord(header: RpmHeader): RpmRecord {
  return {
    ...header,
    provides: [...header.provides],
    // What rpm itself must be able to do is no package.
    requires: header.requires.filter((name) => !name.startsWith('rpmlib(')),
  };
}
