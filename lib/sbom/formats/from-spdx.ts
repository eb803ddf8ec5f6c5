import type { ReadSpdx, ReadSpdxPackage } from '../../formats/spdx/index.ts';
import type { ListedDistro, ListedPackage, ListedSbom } from '../listed-sbom.ts';
import { outcomeSchema } from '../model.ts';
import { identifyPackage, splitIdentified } from './identify-package.ts';
import { readNotes } from './package-notes.ts';

/** Purposes of what is no package (SPDX 2.3, section 7.24). */
const OTHER_PURPOSES: ReadonlySet<string> = new Set(['CONTAINER', 'OPERATING-SYSTEM', 'FILE', 'DEVICE', 'DATA']);

/** The packages of an SPDX document, ours or another tool's (Syft, Trivy, BuildKit, Microsoft's, GitHub's). */
export function fromSpdx(document: ReadSpdx): ListedSbom {
  const about = new Set(document.describes);
  const subject = document.packages.find((one) => about.has(one.id) && !isLibrary(one));
  const distro = document.packages.map(distroOf).find((one) => one !== undefined);
  const listed = document.packages
    .filter((one) => one !== subject && isPackage(one))
    .map((one) => toPackage(one, { document, distro }));
  const dependencies = Map.groupBy(document.dependencies, ({ from }) => from);
  const comment = /^lading:sbom:outcome=([a-z-]+)/.exec(document.comment ?? '')?.[1];
  const outcome = outcomeSchema.safeParse(comment).data;
  return {
    ...splitIdentified(listed),
    ...(distro ? { distro } : {}),
    ...(subject ? { subject: { name: subject.name, version: subject.version, purl: subject.purls[0] } } : {}),
    formatVersion: document.version,
    ...toolOf(document.creators),
    authors: document.creators
      .filter((one) => !one.startsWith('Tool:'))
      .map((one) => one.replace(/^(?:Person|Organization):\s*/, '')),
    ...(document.created === undefined ? {} : { created: document.created }),
    dependencies: new Map([...dependencies].map(([from, all]) => [from, all.map(({ to }) => to)])),
    ...(outcome ? { outcome, completeness: outcome === 'complete' ? 'complete' : 'incomplete' } : {}),
  };
}

/** `Tool: syft-1.18.0`: the version is what follows the last hyphen before a digit. */
function toolOf(creators: readonly string[]): Pick<ListedSbom, 'tool'> {
  const text = creators
    .find((one) => one.startsWith('Tool:'))
    ?.slice(5)
    .trim();
  if (text === undefined) return {};
  const [, name, version] = /^(.*?)[- ](v?\d\S*)$/.exec(text) ?? [];
  return { tool: name === undefined ? { name: text } : { name, version } };
}

const isLibrary = ({ purpose, purls }: ReadSpdxPackage): boolean =>
  purpose === 'LIBRARY' || purls.some((purl) => !/^pkg:(?:oci|docker)\//i.test(purl));

const isPackage = (one: ReadSpdxPackage): boolean =>
  !OTHER_PURPOSES.has(one.purpose ?? '') && !one.purls.some((purl) => /^pkg:(?:oci|docker)\//i.test(purl));

function distroOf({ purpose, name, version, annotations }: ReadSpdxPackage): ListedDistro | undefined {
  if (purpose !== 'OPERATING-SYSTEM') return undefined;
  const [, exact] = annotations.map((text) => /^lading:distro:version-id=(\S{1,100})$/.exec(text)).find(Boolean) ?? [];
  return { id: name.toLowerCase(), versionId: exact ?? version };
}

function toPackage(
  one: ReadSpdxPackage,
  { document, distro }: { readonly document: ReadSpdx; readonly distro: ListedDistro | undefined },
): ListedPackage {
  const notes = readNotes(one.annotations);
  const locations = notes?.locations ?? locationsOf(one);
  const { license, supplier, cpes } = one;
  const licenses = notes?.licenses ?? (license === undefined ? [] : [document.licenseNames.get(license) ?? license]);
  return {
    ...identifyPackage(
      {
        name: one.name,
        version: one.version,
        purl: one.purls[0],
        type: notes?.type,
        source: notes?.source ?? sourceOf(one),
      },
      distro,
    ),
    licenses,
    ...(notes?.layer === undefined ? {} : { layer: notes.layer }),
    ...(notes?.origin === undefined ? {} : { origin: notes.origin }),
    ...(locations.length === 0 ? {} : { locations }),
    ref: one.id,
    ...(supplier === undefined ? {} : { supplier: supplier.replace(/^(?:Person|Organization):\s*/, '') }),
    ...(one.checksums.length === 0
      ? {}
      : {
          hashes: one.checksums.map(({ algorithm, value }) => ({
            algorithm: algorithm.replace(/^SHA(?=[125])/, 'SHA-'),
            value,
          })),
        }),
    ...(cpes.length === 0 ? {} : { cpes }),
  };
}

/** Syft: `acquired package info from DPKG DB: /var/lib/dpkg/status, /usr/share/doc/…`. */
function locationsOf({ sourceInfo = '' }: ReadSpdxPackage): readonly string[] {
  const paths = /^acquired package info from [^:]*: (\/.*)$/s.exec(sourceInfo)?.[1];
  return paths === undefined ? [] : [paths.split(', ')[0] ?? paths];
}

/** Trivy: `built package from: e2fsprogs 1.47.0-2`. */
function sourceOf({ sourceInfo = '' }: ReadSpdxPackage): ListedPackage['source'] {
  const [, name, version] = /^built package from: (\S+) (\S+)$/.exec(sourceInfo) ?? [];
  return name === undefined ? undefined : { name, version };
}
