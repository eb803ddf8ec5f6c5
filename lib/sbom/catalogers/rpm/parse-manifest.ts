import type { FileKind } from '../cataloger.ts';
import { type RpmRecord, rpmDatabaseFile } from './parse-database.ts';

const MAX_PACKAGES = 200_000;

/**
 * CBL-Mariner's images without rpm keep a list instead of a database: one line for each package, made with `rpm --query
 * --queryformat`: name, version-release, install and build time, vendor, epoch or `(none)`, size, arch, epoch number and
 * source, parted by tabs (CBL-Mariner, toolkit/docs/how_it_works/5_misc.md).
 */
export const rpmManifestFile: FileKind<RpmRecord[]> = {
  id: 'rpm-manifest',
  version: 1,
  match: {
    names: ['container-manifest-2'],
    accepts: (path) => /(?:^|\/)var\/lib\/rpmmanifest\/container-manifest-2$/.test(path),
  },
  maxBytes: 32 * 1024 * 1024,
  importance: 'database',
  parse: (content) => {
    const lines = content
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    if (lines.length > MAX_PACKAGES) throw new RangeError(`it has over ${MAX_PACKAGES} lines`);
    return lines.map(toRecord);
  },
  schema: rpmDatabaseFile.schema,
};

function toRecord(line: string): RpmRecord {
  const fields = line.replace(/\r$/, '').split('\t');
  const [name, versionRelease = '', , , vendor, epoch, , arch, epochNumber, sourceRpm] = fields;
  const dash = versionRelease.lastIndexOf('-');
  const version = versionRelease.slice(0, dash);
  const release = versionRelease.slice(dash + 1);
  if (fields.length < 10 || !name || dash <= 0 || !release) throw new SyntaxError('a line does not tell a package');
  const number = epoch === '(none)' ? undefined : Number.parseInt(epochNumber ?? '', 10);
  return {
    name,
    version,
    release,
    epoch: Number.isSafeInteger(number) && (number ?? -1) >= 0 ? number : undefined,
    arch: known(arch),
    sourceRpm: known(sourceRpm),
    vendor: known(vendor),
    provides: [],
    requires: [],
  };
}

const known = (field: string | undefined): string | undefined =>
  field === '' || field === '(none)' ? undefined : field;
