import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { shortDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { type EdgePlan, edgePlanSchema, edgeSiteSchema, siteStandings } from '../../edge/index.ts';
import type { TimeWindow } from '../../selection/index.ts';
import { callApi, getJson } from '../api-client.ts';
import { connect, fromCaller } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, printJson, say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { readBytes, readText } from '../read-file.ts';
import { printTable } from '../table.ts';

interface Common {
  readonly api?: string | undefined;
  readonly data?: string | undefined;
}
interface Printed extends Common {
  readonly output: 'table' | 'json';
}

export interface SiteOptions {
  readonly key?: string | undefined;
  readonly budget?: number | undefined;
  readonly bandwidth?: number | undefined;
  readonly costPerGib?: number | undefined;
  readonly window?: readonly TimeWindow[] | undefined;
  readonly offline?: true | undefined;
  readonly repository?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
  readonly pin?: readonly string[] | undefined;
  readonly ban?: readonly string[] | undefined;
  readonly deadline?: readonly { readonly image: string; readonly by: string }[] | undefined;
}

const changeAnswer = z.object({ site: edgeSiteSchema });
const sitesAnswer = z.object({
  sites: z.array(
    z.object({
      site: edgeSiteSchema,
      desired: z
        .object({
          ...{ generation: z.int(), createdAt: z.string(), expiresAt: z.string(), published: z.boolean() },
          ...{ images: z.int(), bytes: z.number(), faults: z.array(z.string()) },
        })
        .optional(),
      report: z
        .object({
          ...{ sequence: z.int(), receivedAt: z.string(), generation: z.int(), standing: z.enum(siteStandings) },
          ...{ missing: z.int(), extra: z.int(), bytes: z.number(), merkleRoot: z.string() },
          provenEqualAt: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

const pathOf = (site: string, rest = ''): string => `/api/edge/sites/${encodeURIComponent(site)}${rest}`;

/** The private half can be read by its owner alone, and no file is written over. */
export async function runKeygen({ out }: { readonly out: string }): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [secret, open] = [fromCaller(`${out}.key`), fromCaller(`${out}.pub`)];
  await writeFile(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  await writeFile(open, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
  say(`${out}.key stays here; the hub is told ${out}.pub: lading edge sites add NAME --key ${out}.pub …`);
}

export async function runAdd(name: string, options: SiteOptions & Common): Promise<void> {
  const { key, budget, bandwidth } = options;
  if (key === undefined || budget === undefined || bandwidth === undefined) {
    throw new LadingError('usage', 'a site needs --key, --budget and --bandwidth');
  }
  const { site } = await postJson(
    connect(options),
    '/api/edge/sites',
    {
      ...{ name, publicKeyPem: await readText(key), budgetBytes: budget },
      link: {
        ...{ bytesPerSecond: bandwidth, costPerGiB: options.costPerGib ?? 0, connected: !options.offline },
        ...(options.window === undefined ? {} : { windows: options.window }),
      },
      scope: {
        ...(options.repository === undefined ? {} : { repositories: options.repository }),
        ...(options.except === undefined ? {} : { otherRepositories: options.except }),
      },
      ...{ pins: options.pin ?? [], bans: options.ban ?? [], deadlines: options.deadline ?? [] },
    },
    changeAnswer,
  );
  say(`${site.name} is registered, with ${formatBytes(site.budgetBytes)}; its first state is being made`);
}

/** What is given takes the place of what was, lists with `--pin` and the like as a whole. */
export async function runSet(
  name: string,
  options: SiteOptions & Common & { online?: true | undefined },
): Promise<void> {
  const connection = connect(options);
  const { sites } = await getJson(connection, '/api/edge/sites', sitesAnswer);
  const before = sites.find(({ site }) => site.name === name)?.site;
  if (before === undefined) throw new LadingError('site-unknown', `there is no site "${name}"`);
  const { key, budget, bandwidth, costPerGib, window: windows, offline, online, repository, except } = options;
  const link = {
    ...before.link,
    ...(bandwidth === undefined ? {} : { bytesPerSecond: bandwidth }),
    ...(costPerGib === undefined ? {} : { costPerGiB: costPerGib }),
    ...(windows === undefined ? {} : { windows }),
    ...(offline || online ? { connected: online === true } : {}),
  };
  const scope = {
    ...before.scope,
    ...(repository === undefined ? {} : { repositories: repository }),
    ...(except === undefined ? {} : { otherRepositories: except }),
  };
  const { pin: pins, ban: bans, deadline: deadlines } = options;
  const { site } = await postJson(
    connection,
    pathOf(name, '/revise'),
    {
      ...{ link, scope, pins, bans, deadlines, budgetBytes: budget },
      ...(key === undefined ? {} : { publicKeyPem: await readText(key) }),
    },
    changeAnswer,
  );
  say(`${site.name} is revised; its next state is being made`);
}

export async function runRevoke(name: string, options: Common): Promise<void> {
  const { site } = await postJson(connect(options), pathOf(name, '/revoke'), {}, changeAnswer);
  say(`${site.name} is revoked since ${site.revokedAt}: nothing that it signs counts any more`);
}

export async function runStatus(only: string | undefined, options: Printed & { readonly fail?: true | undefined }) {
  const { sites: all } = await getJson(connect(options), '/api/edge/sites', sitesAnswer);
  const sites = all.filter(({ site }) => only === undefined || site.name === only);
  if (only !== undefined && sites.length === 0) throw new LadingError('site-unknown', `there is no site "${only}"`);
  const isWell = ({ site, report, desired }: (typeof sites)[number]): boolean =>
    site.revokedAt !== undefined || (report?.standing === 'acknowledged' && desired?.faults.length === 0);
  if (options.fail && !sites.every(isWell)) answerNo();
  if (options.output === 'json') return printJson(sites);
  printTable(
    ['SITE', 'STATE', 'IMAGES', 'DESIRED', 'BUDGET', 'STANDING', 'REPORTED', 'PROVEN EQUAL', 'ROOT'],
    sites.map(({ site, desired, report }) => [
      site.name,
      site.revokedAt === undefined ? (desired ? `g${desired.generation}` : 'none yet') : 'revoked',
      String(desired?.images ?? 0),
      formatBytes(desired?.bytes ?? 0),
      formatBytes(site.budgetBytes),
      report === undefined ? 'silent' : `${report.standing}${report.missing > 0 ? ` (${report.missing} missing)` : ''}`,
      report?.receivedAt ?? 'never',
      report?.provenEqualAt ?? 'never',
      report === undefined ? '' : shortDigest(report.merkleRoot),
    ]),
  );
  for (const { site, desired } of sites)
    for (const fault of desired?.faults ?? []) say(`${site.name}: ${defuse(fault)}`);
}

const nameOf = ({ repository, tags, digest }: EdgePlan['placed'][number] | EdgePlan['passedOver'][number]): string =>
  tags.length > 0 ? `${repository}:${tags.join(',')}` : `${repository}@${shortDigest(digest)}`;

export async function runPlan(site: string, options: Printed & { readonly fail?: true | undefined }): Promise<void> {
  const plan = await getJson(connect(options), pathOf(site, '/plan'), edgePlanSchema);
  if (options.fail && plan.faults.length > 0) answerNo();
  if (options.output === 'json') return printJson(plan);
  say(
    `${plural(plan.placed.length, 'image')}, ${formatBytes(plan.bytes)} of ${formatBytes(plan.budgetBytes)}; ` +
      `${plan.passedOver.length + plan.more} not placed`,
  );
  printTable(
    ['IMAGE', 'WHY', 'SCORE', 'ADDS', 'OVER THE LINK'],
    [
      ...plan.placed.map((one) => [
        defuse(nameOf(one)),
        one.reason,
        (one.score ?? 0).toPrecision(3),
        formatBytes(one.marginalBytes),
        formatBytes(one.transferBytes),
      ]),
      ...plan.passedOver.map((one) => [
        defuse(nameOf(one)),
        { text: `left out: ${one.why}`, style: 'dim' as const },
        one.score === undefined ? '' : one.score.toPrecision(3),
        '',
        '',
      ]),
    ],
  );
  for (const { wish, detail } of plan.faults) say(`${defuse(wish)}: ${defuse(detail)}`);
}

/** The terms of the score of an image: what it is worth there, and what it takes. */
export async function runExplain(site: string, image: string, options: Printed): Promise<void> {
  const plan = await getJson(connect(options), pathOf(site, '/plan'), edgePlanSchema);
  const found = [...plan.placed, ...plan.passedOver].filter(
    (one) =>
      one.digest === image || one.repository === image || one.tags.some((tag) => `${one.repository}:${tag}` === image),
  );
  const faults = plan.faults.filter(
    ({ wish, image: of }) => found.some((one) => of?.endsWith(one.digest)) || wish === image,
  );
  if (found.length === 0) throw new LadingError('image-unknown', `the hub has no image "${defuse(image)}" with a tag`);
  if (options.output === 'json') return printJson({ images: found, faults });
  for (const one of found) {
    const outcome = 'reason' in one ? one.reason : `left out: ${one.why}`;
    const score = one.score === undefined ? '' : `, ${one.score.toPrecision(3)} pulls a day for a GiB`;
    say(`${defuse(nameOf(one))}: ${outcome}${score}`);
    printTable(
      ['TERM', 'VALUE', 'UNIT', 'WEIGHT', 'COMES TO'],
      (one.terms ?? []).map(({ name, value, unit, weight, side }) => [
        name,
        value.toPrecision(3),
        unit,
        String(weight),
        `${(value * weight).toPrecision(3)} ${side === 'for' ? 'pulls a day' : 'GiB'}`,
      ]),
    );
  }
  for (const { wish, detail } of faults) say(`${defuse(wish)}: ${defuse(detail)}`);
}

/** A signed state for a site that has no link, or the last report of one. */
export async function runState(site: string, options: Common & { readonly out: string }): Promise<void> {
  const response = await callApi(connect(options), pathOf(site, '/desired'));
  await writeFile(fromCaller(options.out), await response.bytes());
  say(`${options.out} is what ${site} should hold, as it was signed`);
}

export async function runAcknowledge(site: string, file: string, options: Common): Promise<void> {
  const content = await readBytes(file);
  const raw = { type: 'application/vnd.dsse.envelope.v1+json', content };
  const response = await callApi(connect(options), pathOf(site, '/reports'), { method: 'POST', raw });
  const answer = z.object({ standing: z.enum(siteStandings), missing: z.int(), extra: z.int() });
  const { standing, missing, extra } = answer.parse(await response.json());
  say(`${site}: ${standing}${standing === 'acknowledged' ? '' : `, ${missing} missing, ${extra} besides`}`);
  if (standing === 'diverged') answerNo();
}

export async function runReplan(options: Common): Promise<void> {
  const { sites } = await postJson(connect(options), '/api/edge/plans', {}, z.object({ sites: z.int() }));
  say(`asked for the plans of ${plural(sites, 'site')}; "lading edge status" shows what came of it`);
}
