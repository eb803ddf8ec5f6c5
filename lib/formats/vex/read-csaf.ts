import { z } from 'zod';
import { LimitExceededError } from '../../core/errors.ts';
import { firstOf, NO_TIME, statementList, text, toInstant, vexInvalid } from './common.ts';
import { type VexDocument, type VexNames, type VexProduct, type VexStatus, vexJustifications } from './model.ts';

const helper = z.object({
  purl: text.optional(),
  cpe: text.optional(),
  hashes: z
    .array(z.object({ file_hashes: z.array(z.object({ algorithm: text, value: text })) }))
    .optional()
    .catch(undefined),
});
const fullName = z.object({ product_id: text, name: text, product_identification_helper: helper.optional() });
const branch = z.object({ branches: z.array(z.unknown()).optional(), product: fullName.optional() });
const relationship = z.object({
  product_reference: text,
  relates_to_product_reference: text,
  full_product_name: fullName,
});
const productIds = z.array(text).max(200_000).optional();
const toward = { product_ids: productIds, group_ids: productIds };
const vulnerability = z.object({
  cve: text.optional(),
  ids: z.array(z.object({ text })).max(1000).optional(),
  product_status: z.object({
    known_not_affected: productIds,
    known_affected: productIds,
    first_affected: productIds,
    last_affected: productIds,
    fixed: productIds,
    first_fixed: productIds,
    under_investigation: productIds,
  }),
  flags: z
    .array(z.object({ label: z.enum(vexJustifications), ...toward }))
    .optional()
    .catch(undefined),
  threats: z.array(z.object({ category: text, details: text, date: text.optional(), ...toward })).optional(),
  remediations: z.array(z.object({ category: text, details: text, ...toward })).optional(),
});
const document = z.object({
  document: z.object({
    category: z.string().regex(/^csaf_(?:vex|security_advisory)$/),
    csaf_version: z.literal('2.0'),
    publisher: z.object({ name: text }),
    tracking: z.object({ id: text, current_release_date: text.optional() }),
  }),
  product_tree: z
    .object({
      branches: z.array(z.unknown()).optional(),
      full_product_names: z.array(fullName).optional(),
      relationships: z.array(relationship).max(200_000).optional(),
      product_groups: z.array(z.object({ group_id: text, product_ids: z.array(text) })).optional(),
    })
    .optional(),
  vulnerabilities: z.array(z.unknown()).max(10_000).optional(),
});

export const isCsaf = (value: object): boolean =>
  'document' in value &&
  value.document !== null &&
  typeof value.document === 'object' &&
  'csaf_version' in value.document;

const MAX_PRODUCTS = 200_000;

/** CSAF 2.0, sections 3.2.3.9 and 4.5: which lists of `product_status` say what. */
const statusOf: Readonly<Record<keyof z.infer<typeof vulnerability>['product_status'], VexStatus>> = {
  known_not_affected: 'not_affected',
  known_affected: 'affected',
  first_affected: 'affected',
  last_affected: 'affected',
  fixed: 'fixed',
  first_fixed: 'fixed',
  under_investigation: 'under_investigation',
};

/** Reads a CSAF 2.0 document of the VEX profile, or a security advisory, which has the same product status. */
export function readCsafVex(value: unknown): VexDocument {
  const parsed = document.safeParse(value);
  if (!parsed.success) throw vexInvalid('CSAF 2.0 document', z.prettifyError(parsed.error));
  const { document: about, product_tree: tree = {}, vulnerabilities = [] } = parsed.data;
  const productOf = readTree(tree);
  const groups = new Map((tree.product_groups ?? []).map((group) => [group.group_id, group.product_ids]));
  const time = toInstant(about.tracking.current_release_date, NO_TIME);
  const { all, add } = statementList();
  let skipped = 0;
  for (const one of vulnerabilities) {
    const read = vulnerability.safeParse(one);
    const ids = read.success ? [read.data.cve, ...(read.data.ids ?? []).map((id) => id.text)].filter(isText) : [];
    if (!read.success || ids.length === 0) {
      skipped++;
      continue;
    }
    const remarks = remarksOf(read.data, groups);
    for (const [list, products] of Object.entries(read.data.product_status)) {
      const status = statusOf[list as keyof typeof statusOf];
      for (const [key, said] of groupByRemark(products ?? [], remarks)) {
        const found = said.map(productOf).filter((product) => product !== undefined);
        const { justification, detail, action } = remarks.get(key) ?? {};
        if (found.length > 0) add({ ids, status, justification, detail, action, time, products: found });
      }
    }
  }
  return { format: 'csaf', id: about.tracking.id, author: about.publisher.name, statements: all, skipped };
}

const isText = (value: string | undefined): value is string => value !== undefined && value !== '';

type Remark = Pick<VexDocument['statements'][number], 'justification' | 'detail' | 'action'>;

/** What is said of each product beside its status. Keys of the result are product ids. */
function remarksOf(one: z.infer<typeof vulnerability>, groups: ReadonlyMap<string, readonly string[]>) {
  const remarks = new Map<string, Remark>();
  const note = (to: { product_ids?: string[] | undefined; group_ids?: string[] | undefined }, remark: Remark): void => {
    const members = (to.group_ids ?? []).flatMap((group) => groups.get(group) ?? []);
    for (const id of [...(to.product_ids ?? []), ...members]) remarks.set(id, { ...remark, ...remarks.get(id) });
  };
  for (const flag of one.flags ?? []) note(flag, { justification: flag.label });
  for (const threat of one.threats ?? [])
    if (threat.category === 'impact') note(threat, { detail: firstOf(threat.details) });
  for (const remediation of one.remediations ?? []) note(remediation, { action: firstOf(remediation.details) });
  return remarks;
}

/** Products of which the same is said become one statement; its key is the first of them. */
function groupByRemark(ids: readonly string[], remarks: ReadonlyMap<string, Remark>): ReadonlyMap<string, string[]> {
  const byText = new Map<string, string[]>();
  for (const id of ids) {
    const { justification, detail, action } = remarks.get(id) ?? {};
    const key = JSON.stringify([justification, detail, action]);
    const group = byText.get(key);
    if (group) group.push(id);
    else byText.set(key, [id]);
  }
  return new Map([...byText.values()].map((group) => [group[0] as string, group]));
}

/** Looks up products by id: a part in a whole is a subcomponent of it ("default_component_of" and its like). */
function readTree(tree: NonNullable<z.infer<typeof document>['product_tree']>): (id: string) => VexProduct | undefined {
  const names = new Map<string, VexNames>();
  const enter = (one: z.infer<typeof fullName>): void => {
    if (names.size >= MAX_PRODUCTS) throw new LimitExceededError('vex-products', `over ${MAX_PRODUCTS} products`);
    names.set(one.product_id, namesOf(one));
  };
  for (const one of tree.full_product_names ?? []) enter(one);
  const waiting: unknown[] = [...(tree.branches ?? [])];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const read = branch.safeParse(one).data;
    if (read?.product) enter(read.product);
    for (const child of read?.branches ?? []) waiting.push(child);
  }
  const composed = new Map((tree.relationships ?? []).map((one) => [one.full_product_name.product_id, one]));
  return (id) => {
    const whole = composed.get(id);
    if (whole === undefined) {
      const own = names.get(id);
      return own && { names: own, subcomponents: [] };
    }
    const [outer, inner] = [names.get(whole.relates_to_product_reference), names.get(whole.product_reference)];
    return outer && inner && { names: outer, subcomponents: [inner] };
  };
}

function namesOf({ name, product_identification_helper: identity }: z.infer<typeof fullName>): VexNames {
  const hashes = (identity?.hashes ?? []).flatMap(({ file_hashes }) =>
    file_hashes.flatMap(({ algorithm, value }) =>
      /^sha(?:256|512)$/.test(algorithm) ? [`${algorithm}:${value.toLowerCase()}`] : [],
    ),
  );
  return [identity?.purl, identity?.cpe, ...hashes, name].filter(isText);
}
