import { z } from 'zod';
import type { RangeEvent } from '../../formats/osv/index.ts';
import { parsePackageUrl } from '../../formats/purl/index.ts';
import { parseVers, toEvents } from '../../formats/version-ranges/index.ts';
import type { VersionSchemeName } from '../../formats/versions/index.ts';
import type { AdvisoryEntry } from '../model.ts';
import { before, type Claim, type JsonReader, OPEN, type PackageAdvisory, toAdvisory } from './claim.ts';

const ids = z
  .array(z.string().max(1000))
  .max(200_000)
  .nullish()
  .transform((items) => items ?? []);
const product = z.object({
  product_id: z.string(),
  name: z.string().optional(),
  product_identification_helper: z.object({ cpe: z.string().optional(), purl: z.string().optional() }).optional(),
});
type Product = z.infer<typeof product>;
interface Branch {
  readonly category?: string | undefined;
  readonly name?: string | undefined;
  readonly product?: Product | undefined;
  readonly branches?: readonly Branch[] | undefined;
}
const branch: z.ZodType<Branch> = z.lazy(() =>
  z.object({
    category: z.string().optional(),
    name: z.string().optional(),
    product: product.optional(),
    branches: z.array(branch).max(200_000).optional(),
  }),
);
const schema = z.object({
  document: z.object({
    tracking: z.object({ id: z.string().min(1), current_release_date: z.string().optional() }),
    aggregate_severity: z.object({ text: z.string() }).optional(),
  }),
  product_tree: z
    .object({
      branches: z.array(branch).optional(),
      relationships: z
        .array(
          z.object({
            product_reference: z.string(),
            relates_to_product_reference: z.string(),
            full_product_name: product,
          }),
        )
        .max(500_000)
        .optional(),
    })
    .optional(),
  vulnerabilities: z
    .array(
      z.object({
        cve: z.string().nullish(),
        product_status: z.object({ fixed: ids, known_affected: ids }).partial().optional(),
        remediations: z
          .array(z.object({ category: z.string(), details: z.string().optional(), product_ids: ids }))
          .optional(),
        scores: z.array(z.looseObject({ cvss_v3: vector(), cvss_v4: vector(), cvss_v2: vector() })).optional(),
        threats: z.array(z.object({ category: z.string(), details: z.string(), product_ids: ids })).optional(),
      }),
    )
    .optional(),
});
type Document = z.infer<typeof schema>;
type Vulnerability = NonNullable<Document['vulnerabilities']>[number];

function vector() {
  return z.object({ vectorString: z.string().optional() }).optional();
}

/** A product of the tree as far as matching can use it. */
interface Component {
  readonly ecosystem: string;
  readonly name: string;
  readonly scheme: VersionSchemeName;
  readonly version?: string | undefined;
  readonly events?: readonly RangeEvent[] | undefined;
  readonly module?: string | undefined;
}

/**
 * CSAF 2.0, profiles `csaf_security_advisory` and `csaf_vex`, of distributions that publish RPM packages: a component
 * (a purl) of a platform (a CPE) is fixed in its version, or known to be affected.
 */
export const csaf: JsonReader = {
  name: 'CSAF',
  matches: (document) => 'document' in document && ('vulnerabilities' in document || 'product_tree' in document),
  read(value, { scoreOf }) {
    const document = schema.parse(value);
    const components = componentsOf(document);
    const advisories = new Map<string, PackageAdvisory>();
    for (const vulnerability of document.vulnerabilities ?? []) {
      for (const claim of claimsOf(document, vulnerability, components)) {
        // One source package is named once for each architecture and repository.
        const { ecosystem, name, module, events, fixState } = claim;
        advisories.set(
          JSON.stringify([claim.ids, ecosystem, name, module, events, fixState]),
          toAdvisory(claim, scoreOf),
        );
      }
    }
    return { advisories: [...advisories.values()] };
  },
};

function componentsOf({ product_tree: tree }: Document): ReadonlyMap<string, Component> {
  const products = new Map<string, Product & { readonly range?: string | undefined }>();
  const visit = ({ category, name, product: own, branches }: Branch): void => {
    if (own) products.set(own.product_id, { ...own, ...(category === 'product_version_range' ? { range: name } : {}) });
    for (const child of branches ?? []) visit(child);
  };
  for (const top of tree?.branches ?? []) visit(top);
  const components = new Map<string, Component>();
  for (const { product_reference, relates_to_product_reference, full_product_name } of tree?.relationships ?? []) {
    const part = products.get(product_reference);
    const platform = products.get(relates_to_product_reference);
    const id = full_product_name.product_id;
    // A package of a module relates to the module, which relates to the platform.
    const above = components.get(relates_to_product_reference)?.ecosystem ?? ecosystemOf(platform);
    const component = part && above !== undefined ? componentOf(part, above, id) : undefined;
    if (component) components.set(id, component);
    else if (above !== undefined) components.set(id, { ecosystem: above, name: '', scheme: 'rpm' });
  }
  return components;
}

const MODULE = /(?:^|:)([a-z0-9][\w.+-]*:[\w.+-]+):\d{12,}(?::|$)/;

function componentOf(
  part: Product & { readonly range?: string | undefined },
  ecosystem: string,
  id: string,
): Component | undefined {
  const purl = parsePackageUrl(part.product_identification_helper?.purl ?? '');
  if (purl?.type !== 'rpm') return undefined;
  const epoch = purl.qualifiers?.get('epoch');
  const version = purl.version && (epoch && epoch !== '0' ? `${epoch}:${purl.version}` : purl.version);
  const module = /^[^:]+:[^:]+/.exec(purl.qualifiers?.get('rpmmod') ?? '')?.[0] ?? MODULE.exec(id)?.[1];
  const range = part.range === undefined ? undefined : parseVers(part.range);
  return {
    ...{ ecosystem, name: purl.name, scheme: 'rpm', version, module },
    ...(range ? { events: toEvents(range.intervals) } : {}),
  };
}

/** By the platform's CPE; extended update support and the like have other packages, and are no release here. */
function ecosystemOf(platform: Product | undefined): string | undefined {
  const [, , vendor, name, version, update] = (platform?.product_identification_helper?.cpe ?? '')
    .replace(/^cpe:2\.3:/, 'cpe:/')
    .split(':')
    .map((part) => part.replace(/^\//, ''));
  const major = /^\d+/.exec(version ?? '')?.[0];
  if (vendor === 'redhat' && name === 'enterprise_linux') return major && `Red Hat:${major}`;
  if (vendor === 'opensuse' && name === 'leap') return version && `openSUSE:Leap ${version}`;
  if (vendor === 'suse' && /^(?:sles|sled|sle-module|suse_linux_enterprise)/.test(name ?? '')) {
    const pack = /^sp(\d+)$/.exec(update ?? '')?.[1];
    return major && `SUSE:${major}${pack ? `.${pack}` : ''}`;
  }
  return undefined;
}

function* claimsOf(
  { document }: Document,
  vulnerability: Vulnerability,
  components: ReadonlyMap<string, Component>,
): Generator<Claim> {
  const record = document.tracking.id;
  const { cve, product_status: status, scores, threats, remediations } = vulnerability;
  const common = {
    record,
    ids: cve ? [cve] : [record],
    vectors: (scores ?? []).flatMap(({ cvss_v4, cvss_v3, cvss_v2 }) =>
      [cvss_v4, cvss_v3, cvss_v2].flatMap((one) => one?.vectorString ?? []),
    ),
    modified: document.tracking.current_release_date,
  };
  const impact = new Map(
    (threats ?? [])
      .filter(({ category }) => category === 'impact')
      .flatMap(({ details, product_ids }) => [undefined, ...product_ids].map((id) => [id, details] as const)),
  );
  const claim = (id: string, component: Component, more: Pick<Claim, 'events' | 'fixState'>): Claim => ({
    ...common,
    ...component,
    words: [impact.get(id) ?? impact.get(undefined) ?? document.aggregate_severity?.text],
    ...more,
  });
  for (const id of status?.fixed ?? []) {
    const component = components.get(id);
    if (component?.name && component.version) yield claim(id, component, { events: before(component.version) });
  }
  const plans = planOf(remediations ?? []);
  for (const id of status?.known_affected ?? []) {
    const component = components.get(id);
    if (!component?.name) continue;
    const upTo: readonly RangeEvent[] = component.version
      ? [...OPEN, ['last_affected', component.version] as const]
      : OPEN;
    yield claim(id, component, { events: component.events ?? upTo, fixState: plans(id) });
  }
}

/** What the vendor plans: `no_fix_planned` is "will not fix", or that the release is out of support. */
function planOf(remediations: NonNullable<Vulnerability['remediations']>): (id: string) => AdvisoryEntry['fixState'] {
  const plans = new Map<string, AdvisoryEntry['fixState']>();
  for (const { category, details, product_ids } of remediations) {
    if (category !== 'no_fix_planned' && category !== 'none_available') continue;
    const isOver = /out of support|end of life/i.test(details ?? '');
    const state = category === 'none_available' ? 'not-fixed' : isOver ? 'end-of-life' : 'wont-fix';
    for (const id of product_ids) plans.set(id, state);
  }
  return (id) => plans.get(id) ?? 'not-fixed';
}
