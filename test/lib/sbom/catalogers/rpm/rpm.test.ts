import { describe, expect, it } from 'vitest';
import { rpmDatabaseFile } from '../../../../../lib/sbom/catalogers/rpm/parse-database.ts';
import { rpmManifestFile } from '../../../../../lib/sbom/catalogers/rpm/parse-manifest.ts';
import { parseSourceRpm } from '../../../../../lib/sbom/catalogers/rpm/to-package.ts';
import { berkeleyRpmDatabase, ndbRpmDatabase, rpmHeader } from '../../../formats/rpm-database/rpm-builder.ts';
import { osRelease } from '../../image-builder.ts';
import { packagesOf, sbomOf } from '../packages-of.ts';

const curl = {
  name: 'curl',
  version: '7.76.1',
  release: '29.el9',
  arch: 'x86_64',
  sourceRpm: 'curl-7.76.1-29.el9.src.rpm',
};
const libcurl = { ...curl, name: 'libcurl', epoch: 0, license: 'MIT and Zlib', provides: ['libcurl.so.4()(64bit)'] };
const needing = { ...curl, requires: ['libcurl.so.4()(64bit)', 'rpmlib(CompressedFileNames)'] };

describe('RPM packages', () => {
  it('have epoch, source, distribution and what they need', async () => {
    const packages = await packagesOf([
      osRelease('rhel', '9.4'),
      { path: 'var/lib/rpm/Packages', content: berkeleyRpmDatabase([rpmHeader(needing), rpmHeader(libcurl)]) },
    ]);
    expect(packages).toMatchObject([
      {
        type: 'rpm',
        name: 'curl',
        version: '7.76.1-29.el9',
        purl: 'pkg:rpm/redhat/curl@7.76.1-29.el9?arch=x86_64&distro=rhel-9.4&upstream=curl-7.76.1-29.el9.src.rpm',
        source: { name: 'curl', version: '7.76.1-29.el9' },
        distro: { id: 'rhel', versionId: '9.4' },
        dependencies: [packages[1]?.id],
      },
      {
        name: 'libcurl',
        version: '0:7.76.1-29.el9',
        purl: 'pkg:rpm/redhat/libcurl@7.76.1-29.el9?arch=x86_64&distro=rhel-9.4&epoch=0&upstream=curl-7.76.1-29.el9.src.rpm',
        licenses: ['MIT AND Zlib'],
        locations: [{ path: 'var/lib/rpm/Packages' }],
      },
    ]);
  });

  it('belong to the layer that brought them, and are gone where an upper layer says so', async () => {
    const path = 'usr/lib/sysimage/rpm/Packages.db';
    const both = ndbRpmDatabase([rpmHeader(curl), rpmHeader(libcurl)]);
    const packages = await packagesOf(
      [osRelease('opensuse-leap', '15.6'), { path, content: ndbRpmDatabase([rpmHeader(curl)]) }],
      [{ path, content: both }],
    );
    expect(packages.map(({ name, layer }) => ({ name, layer }))).toEqual([
      { name: 'curl', layer: 0 },
      { name: 'libcurl', layer: 1 },
    ]);
    expect(packages[0]?.purl).toMatch(/^pkg:rpm\/opensuse\/curl@/);
    expect(await packagesOf([{ path, content: both }], [{ path, content: ndbRpmDatabase([]) }])).toEqual([]);
  });

  it('of a damaged database are missing, and the SBOM says so', async () => {
    const { packages, outcome, gaps } = await sbomOf([
      { path: 'var/lib/rpm/rpmdb.sqlite', content: Buffer.alloc(512) },
    ]);
    expect(packages).toEqual([]);
    expect(outcome).toBe('unreadable');
    expect(gaps).toMatchObject([{ code: 'rpm-database-unreadable', path: 'var/lib/rpm/rpmdb.sqlite' }]);
  });

  it('are looked for where rpm keeps its database, and nowhere else', () => {
    const accepts = (path: string) => rpmDatabaseFile.match.accepts?.(path);
    expect(accepts('var/lib/rpm/Packages')).toBe(true);
    expect(accepts('usr/share/rpm/rpmdb.sqlite')).toBe(true);
    expect(accepts('rootfs/usr/lib/sysimage/rpm/rpmdb.sqlite')).toBe(true);
    expect(accepts('var/lib/rpm/sub/Packages')).toBe(false);
    expect(accepts('opt/repo/Packages')).toBe(false);
  });

  it('stand in a list where the image has no rpm', () => {
    const line = (...fields: string[]) => fields.join('\t');
    const good = line(
      'curl',
      '8.5.0-1.cm2',
      '1',
      '2',
      'Microsoft',
      '(none)',
      '9',
      'x86_64',
      '0',
      'curl-8.5.0-1.cm2.src.rpm',
    );
    const epoch = line('ca', '2.0.0-1', '1', '2', '(none)', '1', '9', 'noarch', '1', '(none)');
    expect(rpmManifestFile.parse(Buffer.from(`${good}\n${epoch}\n`), '')).toEqual([
      {
        name: 'curl',
        version: '8.5.0',
        release: '1.cm2',
        arch: 'x86_64',
        sourceRpm: 'curl-8.5.0-1.cm2.src.rpm',
        vendor: 'Microsoft',
        provides: [],
        requires: [],
      },
      { name: 'ca', version: '2.0.0', release: '1', epoch: 1, arch: 'noarch', provides: [], requires: [] },
    ]);
    expect(() => rpmManifestFile.parse(Buffer.from('curl 8.5.0\n'), '')).toThrow();
  });

  it('name the source they were built from', () => {
    expect(parseSourceRpm('libselinux-3.0-1.31.src.rpm')).toEqual({ name: 'libselinux', version: '3.0-1.31' });
    expect(parseSourceRpm('nvidia-driver-1-2.nosrc.rpm')).toEqual({ name: 'nvidia-driver', version: '1-2' });
    expect(parseSourceRpm('odd')).toBeUndefined();
  });
});
