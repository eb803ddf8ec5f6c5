import { type Bom, type BomComponent, type BomProperty, writeBom } from '../formats/cyclonedx/index.ts';
import { cpeOfDistro } from './cpe/list-cpes.ts';
import { layerOf } from './layer-of.ts';
import { classifyLicense } from './licenses.ts';
import type { Distro, Package, Sbom } from './model.ts';
import { describeBase } from './origin/describe-base.ts';
import { type SubjectOptions, subjectPurl, subjectSupplier } from './subject.ts';
import { exchangedVersion } from './version-words.ts';

/** Names of the properties that CycloneDX has no fields for. Others may read them; they do not change. */
const PROPERTY = {
  type: 'lading:package:type',
  about: 'lading:package:about',
  arch: 'lading:package:arch',
  sourceName: 'lading:package:source:name',
  sourceVersion: 'lading:package:source:version',
  location: 'lading:package:location',
  cpe: 'lading:package:cpe',
  foundBy: 'lading:package:found-by',
  layer: 'lading:package:layer',
  layerIndex: 'lading:package:layer:index',
  origin: 'lading:package:origin',
  platform: 'lading:package:platform',
  outcome: 'lading:sbom:outcome',
  gap: 'lading:sbom:gap',
  imageLayer: 'lading:image:layer',
  imagePlatform: 'lading:image:platform',
  base: 'lading:image:base',
  distroId: 'lading:distro:id',
  distroVersionId: 'lading:distro:version-id',
  distroIdLike: 'lading:distro:id-like',
  supportEnd: 'lading:distro:support-end',
} as const;

/** Writes an SBOM as CycloneDX 1.6 JSON, as it is stored. The same SBOM and options give the same bytes. */
export const toCycloneDx = (sbom: Sbom, options: SubjectOptions): string => writeBom(toBom(sbom, options));

/** The SBOM as a CycloneDX document, which all versions and encodings are written from. */
export function toBom(sbom: Sbom, options: SubjectOptions): Bom {
  const subject = subjectOf(sbom, options);
  const distro = sbom.distro && distroComponent(sbom.distro);
  const dependencies = new Map(sbom.packages.map((one) => [one.id, one.dependencies]));
  const roots = [...(distro ? [distro.bomRef] : []), ...sbom.packages.map((one) => one.id)];
  dependencies.set(subject.bomRef, roots);
  return {
    metadata: {
      timestamp: options.timestamp,
      tool: sbom.generator,
      component: subject,
      properties: [
        { name: PROPERTY.outcome, value: sbom.outcome },
        ...sbom.gaps.map((gap) => ({
          name: PROPERTY.gap,
          value: [gap.code, gap.layer, gap.path, gap.message].filter(Boolean).join(' '),
        })),
      ],
    },
    components: [...(distro ? [distro] : []), ...sbom.packages.map((one) => packageComponent(one, sbom))],
    dependencies,
    completeness: sbom.outcome === 'complete' ? 'complete' : 'incomplete',
  };
}

function subjectOf(sbom: Sbom, options: SubjectOptions): BomComponent {
  const name = options.repository ?? 'image';
  const purl = subjectPurl(sbom, options);
  const properties: BomProperty[] = sbom.layers.map((layer, i) => ({
    name: PROPERTY.imageLayer,
    value: [String(i).padStart(3, '0'), layer.digest, layer.diffId].filter(Boolean).join(' '),
  }));
  if (sbom.platform) properties.push({ name: PROPERTY.imagePlatform, value: sbom.platform });
  properties.push(...describeBase(sbom.base).map(([name, value]) => ({ name: `${PROPERTY.base}:${name}`, value })));
  const supplier = subjectSupplier(options);
  return {
    bomRef: purl,
    type: 'container',
    name,
    version: sbom.image,
    ...(supplier === undefined ? {} : { supplier }),
    purl,
    properties,
  };
}

function distroComponent(distro: Distro): BomComponent {
  const version = distro.pointRelease ?? distro.versionId;
  const cpe = cpeOfDistro(distro);
  const properties: BomProperty[] = [
    { name: PROPERTY.distroId, value: distro.id },
    ...(distro.versionId ? [{ name: PROPERTY.distroVersionId, value: distro.versionId }] : []),
    ...(distro.idLike?.length ? [{ name: PROPERTY.distroIdLike, value: distro.idLike.join(' ') }] : []),
    ...(distro.supportEnd ? [{ name: PROPERTY.supportEnd, value: distro.supportEnd }] : []),
  ];
  return {
    bomRef: `os:${distro.id}${version ? `@${version}` : ''}`,
    type: 'operating-system',
    name: distro.id,
    ...(version ? { version } : {}),
    ...(cpe ? { cpe } : {}),
    properties,
  };
}

function packageComponent(one: Package, sbom: Sbom): BomComponent {
  const scoped = one.type === 'npm' && one.name.startsWith('@') ? one.name.indexOf('/') : -1;
  // The format has room for one.
  const [cpe, ...others] = one.cpes ?? [];
  const optional: readonly (readonly [string, string | undefined])[] = [
    [PROPERTY.arch, one.arch],
    [PROPERTY.sourceName, one.source?.name],
    [PROPERTY.sourceVersion, one.source?.version],
    [PROPERTY.layer, layerOf(sbom, one)],
    [PROPERTY.layerIndex, one.layer === undefined ? undefined : String(one.layer)],
    [PROPERTY.origin, one.origin],
  ];
  const properties: BomProperty[] = [
    { name: PROPERTY.type, value: one.type },
    ...optional.flatMap(([name, value]) => (value ? [{ name, value }] : [])),
    ...one.locations.map(({ path }) => ({ name: PROPERTY.location, value: `/${path}` })),
    ...others.map((value) => ({ name: PROPERTY.cpe, value })),
    ...(one.foundBy ?? []).map((value) => ({ name: PROPERTY.foundBy, value })),
    ...Object.entries(one.about ?? {}).map(([name, value]) => ({ name: `${PROPERTY.about}:${name}`, value })),
    ...(one.platforms ?? []).map((value) => ({ name: PROPERTY.platform, value })),
  ];
  return {
    bomRef: one.id,
    type: one.type === 'model' ? 'machine-learning-model' : 'library',
    ...(scoped > 0 ? { group: one.name.slice(0, scoped) } : {}),
    name: scoped > 0 ? one.name.slice(scoped + 1) : one.name,
    version: exchangedVersion(one),
    ...(one.hashes ? { hashes: one.hashes } : {}),
    ...(one.supplier ? { supplier: one.supplier } : {}),
    ...(one.purl ? { purl: one.purl } : {}),
    ...(cpe ? { cpe } : {}),
    licenses: one.licenses.map(classifyLicense),
    properties,
  };
}
