import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLadingError } from '../../../../lib/core/errors.ts';
import {
  describeForm,
  type ListedPackage,
  listPackages,
  parseSbomForm,
  readSbom,
  type Sbom,
  writeSbom,
} from '../../../../lib/sbom/index.ts';
import { sbomArbitrary } from './arbitrary-sbom.ts';

const forms = [
  'cyclonedx-json@1.6',
  'cyclonedx-json@1.7',
  'cyclonedx-xml@1.6',
  'cyclonedx-xml@1.7',
  'spdx-json@2.3',
  'spdx-json@3.0',
  'spdx-tag-value@2.3',
  'native',
];
const options = { timestamp: '2026-01-02T03:04:05.678Z', registry: 'registry.example', repository: 'team/app' };
const write = (sbom: Sbom, form: string): string => writeSbom(sbom, parseSbomForm(form), options);

/** What matching needs, in one order; native locations are without their slash. */
const comparable = (packages: readonly ListedPackage[]) =>
  packages
    .map(({ type, name, version, purl, source, distro, licenses, locations = [], layer, origin }) => ({
      ...{ type, name, version, purl, source, distro, licenses, layer, origin },
      locations: locations.map((path) => path.replace(/^\/?/, '/')).sort(),
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

describe.each(forms)('an SBOM as %s', (form) => {
  it('gives the same packages when it is read', () => {
    fc.assert(
      fc.property(sbomArbitrary, (sbom) => {
        const read = readSbom(write(sbom, form));
        expect(comparable(read.packages)).toEqual(comparable(listPackages(sbom)));
        expect(read.outcome).toBe(sbom.outcome);
        expect(read.distro).toEqual(sbom.distro && { id: 'debian', versionId: '12' });
        expect(read.tool).toEqual({ name: 'lading', version: '2' });
      }),
      { numRuns: 60 },
    );
  });

  it('has the same bytes each time, and dependencies between packages that it lists', () => {
    fc.assert(
      fc.property(sbomArbitrary, (sbom) => {
        const document = write(sbom, form);
        expect(write(sbom, form)).toBe(document);
        const { packages, dependencies = new Map<string, readonly string[]>() } = readSbom(document);
        const refs = new Set(packages.map(({ ref }) => ref));
        const counts = packages.map(
          ({ ref }) => (dependencies.get(ref ?? '') ?? []).filter((one) => refs.has(one)).length,
        );
        expect(counts.reduce((sum, n) => sum + n, 0)).toBe(
          sbom.packages.reduce((sum, { dependencies: needed }) => sum + needed.length, 0),
        );
      }),
      { numRuns: 20 },
    );
  });

  it('that was changed anywhere is read, or refused with a reason', () => {
    const allowed = /^(?:sbom|json|xml|cyclonedx|spdx|syft)-invalid$|^limit-exceeded$/;
    fc.assert(
      fc.property(sbomArbitrary, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }), (sbom, at, text) => {
        const document = write(sbom, form);
        const place = at % (document.length + 1);
        const changed = document.slice(0, place) + text + document.slice(place + text.length);
        try {
          readSbom(Buffer.from(changed));
        } catch (error) {
          expect(isLadingError(error) ? error.code : String(error)).toMatch(allowed);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('forms', () => {
  it('are named with a version, or take the usual one', () => {
    expect(parseSbomForm('spdx-json')).toEqual({ format: 'spdx-json', version: '2.3' });
    expect(parseSbomForm('spdx-json@3.0.1')).toEqual({ format: 'spdx-json', version: '3.0' });
    expect(describeForm(parseSbomForm('cyclonedx-json@1.7'))).toEqual({
      mediaType: 'application/vnd.cyclonedx+json; version=1.7',
      extension: 'cdx.json',
      predicateType: 'https://cyclonedx.org/bom',
    });
    expect(() => parseSbomForm('spdx-yaml')).toThrowError(/no form/);
    expect(() => parseSbomForm('cyclonedx-json@1.0')).toThrowError(/not written in version 1.0/);
  });
});
