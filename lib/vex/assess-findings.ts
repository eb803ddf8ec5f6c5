import { parsePackageUrl } from '../formats/purl/index.ts';
import type { VexProduct, VexStatement, VexStatus } from '../formats/vex/index.ts';
import type { Finding } from '../vulnerabilities/index.ts';
import { matchProduct, namesPackage, type ProductMatch } from './match-product.ts';
import type { AssessedImage, Assessment, SourcedStatement } from './model.ts';

export interface AssessedFinding {
  readonly finding: Finding;
  readonly assessment?: Assessment | undefined;
}

export interface AssessOptions {
  /** What was said of an image holds for the next ones of its repository, where the package stayed the same. */
  readonly carryOver: boolean;
}

/**
 * Lays what VEX says over findings, which stay as they are. Of several statements about one finding the newest counts;
 * one about this very image before one that is carried over; of equally old ones the more cautious.
 */
export function assessFindings(
  findings: readonly Finding[],
  statements: readonly SourcedStatement[],
  image: AssessedImage,
  options: AssessOptions,
): readonly AssessedFinding[] {
  const byId = indexById(statements);
  return findings.map((finding) => {
    const candidates = new Set([finding.id, ...finding.aliases].flatMap((id) => byId.get(id) ?? []));
    const said = [...candidates].flatMap((one) => toAssessment(one, finding, image, options) ?? []);
    const [assessment] = said.sort(byPrecedence);
    return assessment ? { finding, assessment } : { finding };
  });
}

/** The vulnerability is there in name only: nobody has to do anything about it. */
export const isSettled = ({ assessment }: AssessedFinding): boolean =>
  assessment?.status === 'not_affected' || assessment?.status === 'fixed';

/** The statements that say something of any of the findings: what a decision about them depends on. */
export function relevantStatements(
  findings: readonly Finding[],
  statements: readonly SourcedStatement[],
  image: AssessedImage,
  options: AssessOptions,
): readonly SourcedStatement[] {
  const ids = new Map<string, Finding[]>();
  for (const finding of findings) {
    for (const id of [finding.id, ...finding.aliases]) ids.set(id, [...(ids.get(id) ?? []), finding]);
  }
  return statements.filter((one) =>
    one.statement.ids.some((id) => ids.get(id)?.some((finding) => toAssessment(one, finding, image, options))),
  );
}

function indexById(statements: readonly SourcedStatement[]): ReadonlyMap<string, SourcedStatement[]> {
  const byId = new Map<string, SourcedStatement[]>();
  for (const one of statements) {
    for (const id of new Set(one.statement.ids)) {
      const list = byId.get(id);
      if (list) list.push(one);
      else byId.set(id, [one]);
    }
  }
  return byId;
}

function toAssessment(
  { statement, origin }: SourcedStatement,
  finding: Finding,
  image: AssessedImage,
  { carryOver }: AssessOptions,
): Assessment | undefined {
  const products = statement.products.length > 0 ? statement.products : impliedProducts(origin.image);
  const matches = products.map((product) =>
    matchProduct(product, { image, package: finding.package, home: origin.image }),
  );
  const match = best(matches);
  if (match === 'none' || (match === 'sibling' && !(carryOver && isTransferable(statement, products, finding)))) {
    return undefined;
  }
  const { status, justification, detail, action, time } = statement;
  return {
    status,
    ...(justification ? { justification } : {}),
    ...(detail ? { detail } : {}),
    ...(action ? { action } : {}),
    time,
    origin,
    ...(match === 'sibling' ? { carriedOver: true } : {}),
  };
}

const best = (matches: readonly ProductMatch[]): ProductMatch =>
  matches.includes('exact') ? 'exact' : matches.includes('sibling') ? 'sibling' : 'none';

/** An attestation that names no product is about the image that it hangs on. */
const impliedProducts = (image: string | undefined): readonly VexProduct[] =>
  image === undefined ? [] : [{ names: [image], subcomponents: [] }];

/**
 * What was said of another image of the repository holds here, too, where it names the package with its version: the
 * same code in the same product. "Fixed" says something of the other image's bytes, and never carries over.
 */
function isTransferable(statement: VexStatement, products: readonly VexProduct[], finding: Finding): boolean {
  if (statement.status === 'fixed') return false;
  return products.some(({ subcomponents }) =>
    subcomponents.some((names) => names.some((name) => isThisVersion(name, finding))),
  );
}

const isThisVersion = (name: string, finding: Finding): boolean =>
  parsePackageUrl(name)?.version !== undefined && namesPackage([name], finding.package);

const caution: Readonly<Record<VexStatus, number>> = { affected: 0, under_investigation: 1, fixed: 2, not_affected: 3 };

const byPrecedence = (a: Assessment, b: Assessment): number =>
  Number(a.carriedOver ?? false) - Number(b.carriedOver ?? false) ||
  (a.time < b.time ? 1 : a.time > b.time ? -1 : 0) ||
  caution[a.status] - caution[b.status];
