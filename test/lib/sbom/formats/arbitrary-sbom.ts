import fc from 'fast-check';
import { type Digest, digestOf } from '../../../../lib/core/digest.ts';
import { formatPackageUrl } from '../../../../lib/formats/purl/index.ts';
import { listCpes } from '../../../../lib/sbom/cpe/list-cpes.ts';
import type { Sbom } from '../../../../lib/sbom/index.ts';

const withCpes = (cpes: readonly string[]) => (cpes.length > 0 ? { cpes: [...cpes] } : {});

type Package = Sbom['packages'][number];

const word = fc.stringMatching(/^[a-z0-9][a-z0-9.+_-]{0,12}$/);
/** Names as strangers write them, but for what a line of text cannot hold (white space at its ends, controls). */
const odd = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((text) => text.replace(/[\p{C}\s]/gu, '_'));
const license = fc.oneof(
  fc.constantFrom(
    'MIT',
    'Apache-2.0',
    'GPL-2.0-or-later',
    'MIT OR Apache-2.0',
    'LicenseRef-odd',
    'MIT AND (ISC OR 0BSD)',
  ),
  odd,
);

const layers: readonly Digest[] = ['a', 'b', 'c'].map((text) => digestOf(text));

const packageArbitrary: fc.Arbitrary<Omit<Package, 'id' | 'dependencies'>> = fc
  .record({
    type: fc.constantFrom('npm', 'deb', 'apk', 'pypi', 'golang', 'maven', 'model'),
    name: fc.oneof(word, odd),
    version: fc.oneof(word, odd),
    identified: fc.boolean(),
    source: fc.option(fc.record({ name: word, version: word }), { nil: undefined }),
    licenses: fc.uniqueArray(license, { maxLength: 3 }),
    supplier: fc.option(odd, { nil: undefined }),
    locations: fc.uniqueArray(
      odd.map((text) => text.replaceAll('/', '_')),
      { minLength: 1, maxLength: 3 },
    ),
    layer: fc.nat({ max: 2 }),
    origin: fc.constantFrom('base' as const, 'own' as const, 'unknown' as const),
    hashes: fc.option(fc.constant({ algorithm: 'SHA-1' as const, value: '0'.repeat(40) }), { nil: undefined }),
  })
  .map(({ identified, source, supplier, hashes, locations, ...one }) => {
    const system = one.type === 'deb' || one.type === 'apk';
    const qualifiers = new Map([
      ...(system ? [['distro', 'debian-12'] as const] : []),
      ...(source ? [['upstream', `${source.name}@${source.version}`] as const] : []),
    ]);
    const [group, name] = ['maven', 'golang'].includes(one.type) ? ['org.example', one.name] : [undefined, one.name];
    const full = group === undefined ? name : one.type === 'maven' ? `${group}:${name}` : `${group}/${name}`;
    const purl = formatPackageUrl({
      type: one.type,
      ...(system ? { namespace: 'debian' } : group === undefined ? {} : { namespace: group }),
      name,
      version: one.version,
      qualifiers,
    });
    // A slash in a name would be a namespace when it is read back.
    const usable = identified && !/[/@]/.test(name);
    return {
      ...one,
      name: usable ? full : one.name,
      ...(usable ? { purl } : {}),
      ...(source ? { source } : {}),
      ...(supplier === undefined ? {} : { supplier }),
      ...(hashes ? { hashes: [hashes] } : {}),
      ...(usable && system ? { distro: { id: 'debian', versionId: '12' } } : {}),
      locations: locations.sort().map((path) => ({ path, layer: layers[one.layer] as Digest })),
    };
  });

/** SBOMs as they may come of any image: names are strangers'. */
export const sbomArbitrary: fc.Arbitrary<Sbom> = fc
  .record({
    packages: fc.uniqueArray(packageArbitrary, {
      maxLength: 8,
      selector: (one) => one.purl ?? `${one.type}:${one.name}@${one.version}`,
    }),
    outcome: fc.constantFrom('complete' as const, 'limit-exceeded' as const),
    baseName: odd,
    hasDistro: fc.boolean(),
  })
  .map(({ packages, outcome, hasDistro, baseName }) => {
    const ids = packages.map((one) => one.purl ?? `${one.type}:${one.name}@${one.version}`);
    const made = packages.map((one, i) => ({
      ...one,
      ...withCpes(listCpes(one)),
      id: ids[i] as string,
      dependencies: ids.filter((_, j) => j !== i && (i + j) % 3 === 0).sort(),
    }));
    return {
      schemaVersion: 1,
      generator: { name: 'lading', version: '2' },
      image: digestOf('image'),
      platform: 'linux/amd64',
      outcome,
      gaps: [],
      ...(hasDistro
        ? { distro: { id: 'debian', versionId: '12', pointRelease: '12.15', path: 'etc/os-release' } }
        : {}),
      base: { evidence: 'annotation', layers: 1, image: digestOf('base'), name: baseName },
      layers: layers.map((digest) => ({ digest, size: 1 })),
      packages: made.sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
  });
