import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { formatPackageUrl, parsePackageUrl } from '../../../formats/purl/index.ts';
import type { FileKind } from '../cataloger.ts';

const recordSchema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    purl: z.string(),
    licenses: z.array(z.string()),
  }),
);
export type BitnamiRecord = z.infer<ReturnType<typeof recordSchema>>;

const schema = once(() => z.array(recordSchema()));
const MAX_PACKAGES = 20_000;

const documentSchema = once(() =>
  z.object({ spdxVersion: z.string().startsWith('SPDX-2'), packages: z.array(z.unknown()) }),
);

// Each by itself: a document also lists things without a version, and they must not cost the others.
const packageSchema = once(() =>
  z.object({
    name: z.string().min(1),
    versionInfo: z.string().min(1),
    licenseConcluded: z.string().optional().catch(undefined),
    licenseDeclared: z.string().optional().catch(undefined),
    externalRefs: z.array(z.object({ referenceType: z.string(), referenceLocator: z.string() })).catch([]),
  }),
);

/** Bitnami puts an SPDX document beside each of its components: `opt/bitnami/<component>/.spdx-<component>.spdx`. */
export const bitnamiSpdxFile: FileKind<BitnamiRecord[]> = {
  id: 'bitnami-spdx',
  version: 2,
  match: { extensions: ['spdx'], accepts: (path) => /(?:^|\/)opt\/bitnami\/(?:.*\/)?\.spdx-[^/]+\.spdx$/.test(path) },
  maxBytes: 64 * 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const document = documentSchema().safeParse(JSON.parse(content.toString('utf8')));
    return document.success ? document.data.packages.slice(0, MAX_PACKAGES).flatMap(toRecord) : undefined;
  },
  schema,
};

function toRecord(entry: unknown): BitnamiRecord[] {
  const parsed = packageSchema().safeParse(entry);
  if (!parsed.success) return [];
  const { name, versionInfo: version, licenseConcluded, licenseDeclared, externalRefs } = parsed.data;
  // What it is made of (Go modules, system packages) is read from the files themselves.
  const purls = externalRefs.map((reference) => parsePackageUrl(reference.referenceLocator));
  const purl = purls.find((candidate) => candidate?.type === 'bitnami');
  const license = [licenseConcluded, licenseDeclared].find((text) => text && !/^(NONE|NOASSERTION)$/.test(text));
  return purl ? [{ name, version, purl: formatPackageUrl(purl), licenses: license ? [license] : [] }] : [];
}

const componentsSchema = once(() =>
  z.record(
    z.string().min(1),
    z.object({ version: z.string().min(1), arch: z.string().optional(), distro: z.string().optional() }),
  ),
);

/** Older images have one list of components instead. */
export const bitnamiComponentsFile: FileKind<BitnamiRecord[]> = {
  id: 'bitnami-components',
  version: 1,
  match: {
    names: ['.bitnami_components.json'],
    accepts: (path) => /(?:^|\/)opt\/bitnami\/\.bitnami_components\.json$/.test(path),
  },
  maxBytes: 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const components = componentsSchema().safeParse(JSON.parse(content.toString('utf8')));
    if (!components.success) return undefined;
    return Object.entries(components.data).map(([name, { version, arch, distro }]) => {
      const qualifiers = new Map([
        ['arch', arch ?? ''],
        ['distro', distro ?? ''],
      ]);
      return { name, version, purl: formatPackageUrl({ type: 'bitnami', name, version, qualifiers }), licenses: [] };
    });
  },
  schema,
};
