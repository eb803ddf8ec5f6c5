import { describe, expect, it } from 'vitest';
import { isLadingError } from '../../../../lib/core/errors.ts';
import { readSbom } from '../../../../lib/sbom/index.ts';

const spdxPackage = (name: string, fields: object = {}) => ({
  ...{ SPDXID: `SPDXRef-${name}`, name, versionInfo: '1.0', downloadLocation: 'NOASSERTION' },
  externalRefs: [
    { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: `pkg:npm/${name}@1.0` },
  ],
  ...fields,
});
const spdx = (fields: object) =>
  JSON.stringify({ spdxVersion: 'SPDX-2.3', SPDXID: 'SPDXRef-DOCUMENT', name: 'x', packages: [], ...fields });
const refusal = (text: string): string => {
  try {
    readSbom(text);
    return 'read';
  } catch (error) {
    return isLadingError(error) ? error.code : String(error);
  }
};

describe('SBOMs of other tools', () => {
  it('in SPDX: root, system and files are no packages; source and locations are in words', () => {
    const read = readSbom(
      spdx({
        creationInfo: {
          created: '2026-01-01T00:00:00Z',
          creators: ['Tool: syft-1.18.0', 'Organization: Anchore, Inc'],
        },
        packages: [
          spdxPackage('root', { externalRefs: [], primaryPackagePurpose: 'CONTAINER' }),
          { SPDXID: 'SPDXRef-os', name: 'debian', versionInfo: '12.4', primaryPackagePurpose: 'OPERATING-SYSTEM' },
          spdxPackage('a', { licenseDeclared: 'LicenseRef-1', supplier: 'Person: A (a@example.com)' }),
          spdxPackage('b', {
            licenseDeclared: 'NOASSERTION',
            licenseConcluded: 'MIT',
            sourceInfo: 'acquired package info from installed node module manifest file: /app/b/package.json',
          }),
          {
            ...spdxPackage('c', { sourceInfo: 'built package from: csource 0.9-1' }),
            externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:deb/debian/c@1.0' }],
          },
        ],
        relationships: [
          { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: 'SPDXRef-root' },
          { spdxElementId: 'SPDXRef-a', relationshipType: 'DEPENDENCY_OF', relatedSpdxElement: 'SPDXRef-b' },
        ],
        hasExtractedLicensingInfos: [{ licenseId: 'LicenseRef-1', name: 'A licence', extractedText: '…' }],
      }),
    );
    expect(read).toMatchObject({
      format: 'spdx-json',
      tool: { name: 'syft', version: '1.18.0' },
      authors: ['Anchore, Inc'],
      subject: { name: 'root' },
      distro: { id: 'debian', versionId: '12.4' },
      unidentified: 0,
    });
    expect(read.packages).toMatchObject([
      { type: 'npm', name: 'a', licenses: ['A licence'], supplier: 'A (a@example.com)' },
      { type: 'npm', name: 'b', licenses: ['MIT'], locations: ['/app/b/package.json'] },
      { type: 'deb', name: 'c', source: { name: 'csource', version: '0.9-1' }, distro: { id: 'debian' } },
    ]);
    expect(read.dependencies?.get('SPDXRef-b')).toEqual(['SPDXRef-a']);
  });

  it('in SPDX tag-value, with comments, texts of several lines and files between', () => {
    const read = readSbom(
      [
        '# made by hand',
        'SPDXVersion: SPDX-2.2',
        'DocumentName: x',
        'Creator: Tool: scanner 2.0',
        'PackageName: a',
        'SPDXID: SPDXRef-a',
        'PackageVersion: 1.0',
        'PackageComment: <text>PackageName: not-a-package',
        'over lines</text>',
        'ExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1.0',
        'FileName: ./b',
        'SPDXID: SPDXRef-file',
        'PackageName: b',
        'SPDXID: SPDXRef-b',
        'PackageVersion: 2.0',
        '',
      ].join('\r\n'),
    );
    expect(read.packages.map(({ type, name, version }) => [type, name, version])).toEqual([
      ['npm', 'a', '1.0'],
      ['unknown', 'b', '2.0'],
    ]);
    expect(read.tool).toEqual({ name: 'scanner', version: '2.0' });
  });

  it('in the JSON of Syft', () => {
    const read = readSbom(
      JSON.stringify({
        artifacts: [
          {
            ...{ id: '1', name: 'a', version: '1.0', type: 'npm', purl: 'pkg:npm/a@1.0' },
            cpes: [{ cpe: 'cpe:2.3:a:a:a:1.0:*:*:*:*:*:*:*' }],
            licenses: [{ value: 'mit', spdxExpression: 'MIT' }, 'ISC'],
            locations: [{ path: '/a/package.json', layerID: 'sha256:aa' }],
          },
          { id: '2', name: 'b', version: 'UNKNOWN', type: 'java-archive', purl: 'pkg:maven/b/b', cpes: null },
        ],
        artifactRelationships: [{ parent: '1', child: '2', type: 'dependency-of' }],
        distro: { id: 'alpine', versionID: '3.20' },
        source: { type: 'image', name: 'x', metadata: { manifestDigest: 'sha256:bb' } },
        descriptor: { name: 'syft', version: '1.0' },
        schema: { version: '16.0.0' },
      }),
    );
    expect(read).toMatchObject({
      format: 'syft-json',
      tool: { name: 'syft', version: '1.0' },
      subject: { name: 'x', version: 'sha256:bb' },
      unidentified: 1,
      packages: [{ name: 'a', licenses: ['MIT', 'ISC'], layer: 'sha256:aa', locations: ['/a/package.json'] }],
    });
    expect(read.dependencies?.get('2')).toEqual(['1']);
  });

  it('inside of attestations, also as text, and of answers of GitHub', () => {
    const document = spdx({ packages: [spdxPackage('a')] });
    const statement = (predicate: unknown) =>
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        predicateType: 'https://spdx.dev/Document',
        predicate,
      });
    const wrapped = [
      statement(JSON.parse(document)),
      statement(document),
      statement({ Data: document }),
      JSON.stringify({ sbom: JSON.parse(document) }),
    ];
    for (const text of wrapped) expect(readSbom(text).packages.map(({ name }) => name)).toEqual(['a']);
  });

  it.each([
    ['no document', '', 'json-invalid'],
    ['another document', '{"a":1}', 'sbom-invalid'],
    ['a list', '[]', 'sbom-invalid'],
    ['HTML', '<html></html>', 'cyclonedx-invalid'],
    ['XML with entities', '<!DOCTYPE bom [<!ENTITY a "b">]><bom>&a;</bom>', 'xml-invalid'],
    ['a key twice', '{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}', 'json-invalid'],
    ['an unknown version', '{"spdxVersion":"SPDX-9.9"}', 'spdx-invalid'],
    ['another context', '{"@context":"https://example.com/","@graph":[]}', 'spdx-invalid'],
    [
      'statements in statements',
      `${'{"_type":"https://in-toto.io/Statement/v1","predicate":'.repeat(5)}1${'}'.repeat(5)}`,
      'sbom-invalid',
    ],
  ])('that are %s are refused', (_, text, code) => expect(refusal(text)).toBe(code));

  it('take keys of strangers for data', () => {
    const read = readSbom('{"spdxVersion":"SPDX-2.3","__proto__":{"packages":[1]},"packages":[]}');
    expect(read.packages).toEqual([]);
    expect(({} as { packages?: unknown }).packages).toBeUndefined();
  });
});
