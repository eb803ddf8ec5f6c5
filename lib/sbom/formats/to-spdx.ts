import { digestHex, digestOf } from '../../core/digest.ts';
import { isCpe } from '../../formats/cpe/index.ts';
import { parsePackageUrl } from '../../formats/purl/index.ts';
import type {
  SpdxAgent,
  SpdxDocument,
  SpdxLicenseText,
  SpdxPackage,
  SpdxRelationship,
} from '../../formats/spdx/index.ts';
import { cpeOfDistro } from '../cpe/list-cpes.ts';
import { layerOf } from '../layer-of.ts';
import type { Distro, Package, Sbom } from '../model.ts';
import { describeBase } from '../origin/describe-base.ts';
import { type SubjectOptions, subjectPurl, subjectSupplier } from '../subject.ts';
import { exchangedVersion } from '../version-words.ts';
import { declareLicenses } from './declare-licenses.ts';
import { writeNotes } from './package-notes.ts';

const IMAGE = 'Image';
const SYSTEM = 'OperatingSystem';

/** The SBOM as an SPDX document, which SPDX 2.3 and 3.0 are written from. The same SBOM and options give the same one. */
export function toSpdx(sbom: Sbom, options: SubjectOptions): SpdxDocument {
  const texts = new Map<string, SpdxLicenseText>();
  const ids = new Map(sbom.packages.map((one) => [one.id, spdxIdOf(one)]));
  const packages = sbom.packages.map((one) => toPackage(one, { sbom, ids, texts }));
  const system = sbom.distro && systemPackage(sbom.distro);
  const all = [imagePackage(sbom, options), ...(system ? [system] : []), ...packages];
  const complete = sbom.outcome === 'complete';
  const relationships: SpdxRelationship[] = [
    ...(all.length > 1
      ? [{ from: IMAGE, kind: 'contains', to: all.slice(1).map(({ id }) => id), complete } as const]
      : []),
    ...sbom.packages.flatMap((one): SpdxRelationship[] => {
      const to = one.dependencies.flatMap((id) => ids.get(id) ?? []);
      return to.length === 0 ? [] : [{ from: ids.get(one.id) ?? '', kind: 'depends-on', to, complete: false }];
    }),
  ];
  const name = options.repository ?? 'image';
  const gaps = sbom.gaps.map(({ code, message }) => `${code}: ${message}`).join('; ');
  return {
    name: `${name}@${sbom.image}`,
    namespace: namespaceOf(name, sbom),
    created: `${options.timestamp.slice(0, 19)}Z`,
    tool: sbom.generator,
    comment: `lading:sbom:outcome=${sbom.outcome}${gaps === '' ? '' : ` ${gaps}`}`.slice(0, 10_000),
    describes: [IMAGE],
    packages: all,
    relationships,
    licenses: [...texts.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** SPDX 2.3, section 6.5, recommends such names; the same content has the same. */
function namespaceOf(name: string, sbom: Sbom): string {
  const plain = name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 100);
  return `https://spdx.org/spdxdocs/lading-${plain}-${digestHex(digestOf(JSON.stringify(sbom))).slice(0, 32)}`;
}

/** Ids may have few characters, and names any: what makes an id unique is the digest. */
const spdxIdOf = ({ type, name, id }: Package): string =>
  `Package-${`${type}-${name}`.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 80)}-${digestHex(digestOf(id)).slice(0, 16)}`;

function imagePackage(sbom: Sbom, options: SubjectOptions): SpdxPackage {
  const [algorithm, value = ''] = sbom.image.split(':');
  const base = describeBase(sbom.base);
  const supplier = subjectSupplier(options);
  return {
    id: IMAGE,
    name: options.repository ?? 'image',
    version: sbom.image,
    purpose: 'container',
    ...(supplier === undefined ? {} : { supplier: { kind: 'organization', name: supplier } }),
    checksums: [{ algorithm: algorithm === 'sha512' ? 'SHA-512' : 'SHA-256', value }],
    purl: subjectPurl(sbom, options),
    cpes: [],
    ...(base.length === 0 ? {} : { annotation: `lading:image:base ${base.map((pair) => pair.join('=')).join(' ')}` }),
  };
}

function systemPackage(distro: Distro): SpdxPackage {
  const version = distro.pointRelease ?? distro.versionId;
  const cpe = cpeOfDistro(distro);
  return {
    id: SYSTEM,
    name: distro.id,
    ...(version ? { version } : {}),
    purpose: 'operating-system',
    supplier: { kind: 'organization', name: distro.prettyName ?? distro.id },
    checksums: [],
    cpes: cpe !== undefined && isCpe(cpe) ? [cpe] : [],
    ...(distro.versionId && version !== distro.versionId
      ? { annotation: `lading:distro:version-id=${distro.versionId}` }
      : {}),
  };
}

interface Context {
  readonly sbom: Sbom;
  readonly ids: ReadonlyMap<string, string>;
  readonly texts: Map<string, SpdxLicenseText>;
}

function toPackage(one: Package, { sbom, ids, texts }: Context): SpdxPackage {
  const { expression, texts: named, exact } = declareLicenses(one.licenses);
  for (const text of named) texts.set(text.id, text);
  const layer = layerOf(sbom, one);
  const supplier = supplierOf(one);
  return {
    id: ids.get(one.id) ?? '',
    name: one.name,
    version: exchangedVersion(one),
    purpose: one.type === 'model' ? 'model' : 'library',
    ...(supplier ? { supplier } : {}),
    ...(expression === undefined ? {} : { licenseDeclared: expression }),
    checksums: one.hashes ?? [],
    ...(one.purl === undefined ? {} : { purl: one.purl }),
    cpes: (one.cpes ?? []).filter(isCpe),
    sourceInfo: one.locations[0]
      ? `found by what /${one.locations[0].path} says`
      : `found by ${one.foundBy?.join(', ') ?? 'others'}`,
    annotation: writeNotes({
      type: one.type,
      ...(layer === undefined ? {} : { layer }),
      ...(one.origin === undefined ? {} : { origin: one.origin }),
      locations: one.locations.map(({ path }) => `/${path}`),
      ...(one.source ? { source: one.source } : {}),
      ...(exact ? {} : { licenses: one.licenses }),
      ...(one.foundBy ? { foundBy: one.foundBy } : {}),
      ...(one.platforms ? { platforms: one.platforms } : {}),
      ...(one.about ? { about: one.about } : {}),
    }),
  };
}

/** Words of those who are many. */
const MANY =
  /\b(?:team|maintainers?|developers?|project|group|foundation|inc|ltd|llc|gmbh|corp(?:oration)?|linux|packagers?|community|authors|contributors)\b/i;

/**
 * Who supplies a package, as it says itself. Where it does not, the namespace that its registry gave out to somebody
 * names that somebody: a Maven group, a scope of npm, the host and owner of a Go module.
 */
export function supplierOf(one: Pick<Package, 'supplier' | 'purl' | 'type'>): SpdxAgent | undefined {
  if (one.supplier !== undefined && one.supplier.trim() !== '') return agentOf(one.supplier);
  const purl = one.purl === undefined ? undefined : parsePackageUrl(one.purl);
  const namespace = purl?.namespace;
  return namespace === undefined ? undefined : { kind: 'organization', name: namespace };
}

/** `Debian Perl Group <pkg-perl@lists.example>`. */
function agentOf(text: string): SpdxAgent {
  const [, named, address] = /^([^<>]*?)\s*<([^<>\s]+@[^<>\s]+)>/.exec(text) ?? [];
  const name = (named || text.replace(/[<>]/g, '')).replace(/\s+/g, ' ').trim().slice(0, 500);
  const email = address === undefined ? {} : { email: address.slice(0, 320) };
  return { kind: address !== undefined && !MANY.test(name) ? 'person' : 'organization', name, ...email };
}
