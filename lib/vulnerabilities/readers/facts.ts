import { basename } from 'node:path';
import { z } from 'zod';
import type { ScoreVector } from '../cvss-score.ts';
import { FACTS, type Facts, RELEASES } from '../model.ts';
import { isObject, type JsonObject, type JsonReader, type NamedFacts } from './claim.ts';

const cveId = z.string().regex(/^CVE-\d{4}-\d{4,19}$/);
const about = (name: string, facts: Facts): { facts: readonly NamedFacts[] } => ({
  facts: [{ about: FACTS, name, facts }],
});

const kevSchema = z.object({
  cveID: cveId,
  dateAdded: z.iso.date(),
  dueDate: z.iso.date().optional().catch(undefined),
  knownRansomwareCampaignUse: z.string().optional(),
});

/** CISA's catalogue of known exploited vulnerabilities, entry by entry. */
export const knownExploited: JsonReader = {
  name: 'CISA KEV',
  matches: (document) => 'cveID' in document && 'dateAdded' in document,
  read(document) {
    const { cveID, dateAdded, dueDate, knownRansomwareCampaignUse } = kevSchema.parse(document);
    return about(cveID, {
      knownExploited: {
        added: dateAdded,
        ...(dueDate ? { due: dueDate } : {}),
        ...(knownRansomwareCampaignUse === 'Known' ? { ransomware: true } : {}),
      },
    });
  },
};

const exploitation = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['none', 'poc', 'active']))
  .optional()
  .catch(undefined);

const extractSchema = z.object({
  cve: cveId,
  cvss: z.object({ vector: z.string(), by: z.string().optional() }).nullish(),
  ssvc: z.object({ Exploitation: exploitation }).nullish(),
});

/** What CISA's vulnrichment adds to a CVE, as an extract of one line. */
export const vulnrichmentExtract: JsonReader = {
  name: 'vulnrichment extract',
  matches: (document) => typeof document.cve === 'string' && ('cvss' in document || 'ssvc' in document),
  read(document, { scoreOf }) {
    const { cve, cvss, ssvc } = extractSchema.parse(document);
    const rated = cvss ? ratings(scoreOf, [[cvss.by?.toLowerCase() ?? 'adp', cvss.vector]]) : {};
    return about(cve, { ...rated, ...(ssvc?.Exploitation ? { exploitation: ssvc.Exploitation } : {}) });
  },
};

const metric = z.looseObject({
  cvssV4_0: z.object({ vectorString: z.string() }).optional(),
  cvssV3_1: z.object({ vectorString: z.string() }).optional(),
  cvssV3_0: z.object({ vectorString: z.string() }).optional(),
  cvssV2_0: z.object({ vectorString: z.string() }).optional(),
  other: z.object({ type: z.string().optional(), content: z.unknown() }).optional(),
});
const container = z.object({ metrics: z.array(metric).optional() });
const cveRecordSchema = z.object({
  cveMetadata: z.object({ cveId: cveId }),
  containers: z.object({ cna: container.optional(), adp: z.array(container).optional() }),
});

/** CVE records (format 5), the CNA's rating and that of the ADP, which is where vulnrichment publishes. */
export const cveRecord: JsonReader = {
  name: 'CVE record',
  matches: (document) => document.dataType === 'CVE_RECORD',
  read(document, { scoreOf }) {
    const { cveMetadata, containers } = cveRecordSchema.parse(document);
    const adp = (containers.adp ?? []).flatMap(({ metrics }) => metrics ?? []);
    const vectors = [
      ...(containers.cna?.metrics ?? []).flatMap(vectorsOf).map((vector) => ['cna', vector] as const),
      ...adp.flatMap(vectorsOf).map((vector) => ['adp', vector] as const),
    ];
    const options = adp.flatMap(({ other }) =>
      isObject(other?.content) && Array.isArray(other.content.options) ? other.content.options : [],
    );
    const said = options.map((option) => isObject(option) && exploitation.parse(option.Exploitation)).find(Boolean);
    return about(cveMetadata.cveId, { ...ratings(scoreOf, vectors), ...(said ? { exploitation: said } : {}) });
  },
};

const vectorsOf = ({ cvssV4_0, cvssV3_1, cvssV3_0, cvssV2_0 }: z.infer<typeof metric>): readonly string[] =>
  [cvssV4_0, cvssV3_1, cvssV3_0, cvssV2_0].flatMap((one) => one?.vectorString ?? []);

function ratings(
  scoreOf: ScoreVector,
  vectors: readonly (readonly [by: string, vector: string])[],
): Pick<Facts, 'cvss'> {
  const cvss = vectors.flatMap(([by, text]) => {
    const scored = scoreOf(text);
    return scored ? [{ by, vector: scored.vector, score: scored.score }] : [];
  });
  return cvss.length > 0 ? { cvss } : {};
}

const nvdMetric = z.object({ source: z.string().optional(), cvssData: z.object({ vectorString: z.string() }) });
const nvdMetrics = z.array(nvdMetric).optional();
const nvdSchema = z.object({
  cve: z.object({
    id: cveId,
    vulnStatus: z.string().optional(),
    metrics: z
      .object({
        cvssMetricV40: nvdMetrics,
        cvssMetricV31: nvdMetrics,
        cvssMetricV30: nvdMetrics,
        cvssMetricV2: nvdMetrics,
      })
      .optional(),
  }),
});

/** The NVD's API and feeds, version 2.0, vulnerability by vulnerability. Its own rating is `nvd`, any other that of a CNA. */
export const nvd: JsonReader = {
  name: 'NVD',
  matches: (document) => isObject(document.cve) && 'id' in document.cve,
  read(document, { scoreOf }) {
    const { id, metrics, vulnStatus } = nvdSchema.parse(document).cve;
    if (vulnStatus === 'Rejected') return {};
    const all = [metrics?.cvssMetricV40, metrics?.cvssMetricV31, metrics?.cvssMetricV30, metrics?.cvssMetricV2];
    const vectors = all
      .flatMap((list) => list ?? [])
      .map(({ source, cvssData }) => [source === 'nvd@nist.gov' ? 'nvd' : 'cna', cvssData.vectorString] as const);
    return about(id, ratings(scoreOf, vectors));
  },
};

/** Documents that hold a list of the records above under `vulnerabilities`. */
export function vulnerabilityList(document: JsonObject): readonly unknown[] | undefined {
  const isList = 'catalogVersion' in document || document.format === 'NVD_CVE';
  return isList && Array.isArray(document.vulnerabilities) ? document.vulnerabilities : undefined;
}

const EPSS_HEAD = /^#model_version:|^cve,epss,percentile\s*$/;
export const isEpss = (line: string): boolean => EPSS_HEAD.test(line);

/** FIRST's daily file: `cve,epss,percentile`. Rounded to what means something, so that noise makes no news. */
export async function* readEpss(lines: AsyncIterable<string>): AsyncGenerator<readonly NamedFacts[]> {
  for await (const line of lines) {
    const [, name = '', score = '', percentile = ''] =
      /^(CVE-\d{4}-\d{4,19}),(\d[\d.e-]*),(\d[\d.e-]*)\s*$/.exec(line) ?? [];
    const epss = { score: rounded(score), percentile: rounded(percentile) };
    if (name !== '' && epss.score <= 1 && epss.percentile <= 1) yield [{ about: FACTS, name, facts: { epss } }];
  }
}

const rounded = (text: string): number => Math.round(Number(text) * 1000) / 1000;

/** Products of endoflife.date and the ecosystems that their cycles are releases of. */
const PRODUCTS: ReadonlyMap<string, (cycle: string) => string> = new Map([
  ['almalinux', (cycle: string) => `AlmaLinux:${cycle}`],
  ['alpine', (cycle: string) => `Alpine:v${cycle}`],
  ['alpine-linux', (cycle: string) => `Alpine:v${cycle}`],
  ['amazon-linux', (cycle: string) => `Amazon Linux:${cycle}`],
  ['azure-linux', (cycle: string) => `Azure Linux:${cycle.replace(/\.0$/, '')}`],
  ['debian', (cycle: string) => `Debian:${cycle}`],
  ['opensuse', (cycle: string) => `openSUSE:Leap ${cycle}`],
  ['oracle-linux', (cycle: string) => `Oracle Linux:${cycle}`],
  ['photon', (cycle: string) => `Photon OS:${cycle}`],
  ['rhel', (cycle: string) => `Red Hat:${cycle}`],
  ['rocky-linux', (cycle: string) => `Rocky Linux:${cycle}`],
  ['sles', (cycle: string) => `SUSE:${cycle}`],
  ['ubuntu', (cycle: string) => `Ubuntu:${cycle}`],
]);

const cycleSchema = z.object({
  cycle: z.coerce.string().optional(),
  name: z.coerce.string().optional(),
  eol: z.union([z.iso.date(), z.boolean()]).optional(),
  eolFrom: z.iso.date().nullish(),
});

/** endoflife.date, API 0 (a list, whose product only the file's name tells) and 1. */
export const endOfLife: JsonReader = {
  name: 'endoflife.date',
  matches: (document) => ('cycle' in document && 'eol' in document) || ('eolFrom' in document && 'name' in document),
  read(document, { path }) {
    const { cycle, name, eol, eolFrom } = cycleSchema.parse(document);
    const product = typeof document.product === 'string' ? document.product : basename(path).split('.')[0];
    const day = eolFrom ?? (typeof eol === 'string' ? eol : undefined);
    const release = PRODUCTS.get(product ?? '')?.(cycle ?? name ?? '');
    return day && release ? { facts: [{ about: RELEASES, name: release, facts: { endOfLife: day } }] } : {};
  },
};

/** The answer of API 1 holds the releases of one product, or of all (`/products/full`). */
export function endOfLifeReleases(document: JsonObject): readonly unknown[] | undefined {
  const products: readonly unknown[] = Array.isArray(document.result) ? document.result : [document.result];
  const known = products.filter((product) => isObject(product) && Array.isArray(product.releases)) as JsonObject[];
  if (known.length === 0) return undefined;
  return known.flatMap(({ name, releases }) =>
    (releases as unknown[]).map((release) => (isObject(release) ? { ...release, product: name } : release)),
  );
}
