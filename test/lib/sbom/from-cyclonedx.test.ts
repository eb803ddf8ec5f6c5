import { describe, expect, it } from 'vitest';
import { fromCycloneDx, readSbomPackages } from '../../../lib/sbom/index.ts';

const document = (...components: readonly object[]): string =>
  JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components });

describe('other people’s SBOMs', () => {
  it('tell release and source package by the purl’s qualifiers, as Syft writes them', () => {
    const { packages, distro } = fromCycloneDx(
      document(
        {
          type: 'library',
          name: 'bsdutils',
          version: '1:2.38.1-5',
          purl: 'pkg:deb/debian/bsdutils@1%3A2.38.1-5?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1-5',
          licenses: [{ license: { id: 'BSD-2-Clause' } }],
          properties: [
            { name: 'syft:location:0:layerID', value: 'sha256:aa' },
            { name: 'syft:location:0:path', value: '/var/lib/dpkg/status' },
          ],
        },
        { type: 'library', group: '@babel', name: 'core', version: '7.0.0', purl: 'pkg:npm/%40babel/core@7.0.0' },
        {
          type: 'library',
          name: 'log4j-core',
          version: '2.14.1',
          purl: 'pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1',
        },
        {
          type: 'operating-system',
          name: 'debian',
          version: '12',
          properties: [{ name: 'syft:distro:versionID', value: '12' }],
        },
        { type: 'file', name: '/etc/passwd' },
      ),
    );
    expect(distro).toEqual({ id: 'debian', versionId: '12' });
    expect(packages).toEqual([
      {
        type: 'deb',
        name: 'bsdutils',
        version: '1:2.38.1-5',
        purl: 'pkg:deb/debian/bsdutils@1%3A2.38.1-5?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1-5',
        source: { name: 'util-linux', version: '2.38.1-5' },
        distro: { id: 'debian', versionId: '12' },
        licenses: ['BSD-2-Clause'],
        layer: 'sha256:aa',
        locations: ['/var/lib/dpkg/status'],
      },
      { type: 'npm', name: '@babel/core', version: '7.0.0', purl: 'pkg:npm/%40babel/core@7.0.0', licenses: [] },
      {
        type: 'maven',
        name: 'org.apache.logging.log4j:log4j-core',
        version: '2.14.1',
        purl: 'pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1',
        licenses: [],
      },
    ]);
  });

  it('tell them by Trivy’s properties, with the epoch apart', () => {
    const { packages } = fromCycloneDx(
      document(
        { type: 'operating-system', name: 'debian', version: '12.4' },
        {
          type: 'library',
          name: 'libcrypt1',
          version: '4.4.33-2',
          purl: 'pkg:deb/debian/libcrypt1@4.4.33-2?arch=amd64&distro=debian-12.4&epoch=1',
          properties: [
            { name: 'aquasecurity:trivy:SrcName', value: 'libxcrypt' },
            { name: 'aquasecurity:trivy:SrcVersion', value: '4.4.33' },
            { name: 'aquasecurity:trivy:SrcRelease', value: '2' },
            { name: 'aquasecurity:trivy:SrcEpoch', value: '1' },
          ],
        },
        { type: 'library', name: 'musl', version: '1.2.4-r2', purl: 'pkg:apk/alpine/musl@1.2.4-r2' },
      ),
    );
    expect(packages).toMatchObject([
      { name: 'libcrypt1', version: '1:4.4.33-2', source: { name: 'libxcrypt', version: '1:4.4.33-2' } },
      { name: 'musl', distro: { id: 'debian', versionId: '12.4' } },
    ]);
  });

  it('count what cannot be identified', () => {
    const read = fromCycloneDx(
      document(
        { type: 'library', name: 'no-purl', version: '1' },
        { type: 'library', group: 'g', name: 'bad-purl', version: '1', purl: 'not a purl' },
        { type: 'library', name: 'no-version', purl: 'pkg:npm/no-version' },
      ),
    );
    expect(read.packages.map((one) => [one.type, one.name])).toEqual([
      ['unknown', 'no-purl'],
      ['unknown', 'g/bad-purl'],
    ]);
    expect(read.unidentified).toBe(3);
  });

  it('are told from our own form by what they say they are', () => {
    expect(
      readSbomPackages(Buffer.from(document({ type: 'library', name: 'a', version: '1', purl: 'pkg:npm/a@1' }))),
    ).toHaveLength(1);
    expect(() => readSbomPackages(Buffer.from('{"packages":[]}'))).toThrowError(/no form that is read here/);
  });
});
