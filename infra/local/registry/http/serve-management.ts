import { z } from 'zod';
import { type Digest, isDigest } from '../../../../lib/core/digest.ts';
import { isRepositoryName } from '../../../../lib/core/image-reference.ts';
import { parseJsonStrict } from '../../../../lib/core/json.ts';
import { type CacheStatus, graphKey } from '../../../../lib/mirror/index.ts';
import { OciError } from '../errors.ts';
import type { DiskBudget } from '../mirror/disk-budget.ts';
import type { Mirror } from '../mirror/mirror.ts';
import { type Exchange, methodNotAllowed, sendJson } from './exchange.ts';

/** Beside the distribution API: what this registry did, and what whoever runs it may ask of it. */
export interface Management {
  readonly mirror: Mirror | undefined;
  readonly budget: DiskBudget | undefined;
  /** What the agent of a site says of itself. */
  readonly site: (() => unknown) | undefined;
  readonly mayManage: boolean;
}

/** @returns false where the path is none of these */
export async function serveManagement(exchange: Exchange, path: string, management: Management): Promise<boolean> {
  switch (path) {
    case '/_lading/mirrors':
      sendJson(exchange, 200, {}, { mirrors: management.mirror?.status() ?? [], ...(await cacheOf(management)) });
      return true;
    case '/_lading/site':
      sendJson(exchange, 200, {}, { site: management.site?.() ?? null, ...(await cacheOf(management)) });
      return true;
    case '/_lading/leases':
      await serveLeases(exchange, management);
      return true;
    case '/_lading/garbage':
      await serveGarbage(exchange, management);
      return true;
    default:
      return false;
  }
}

const cacheOf = async ({ budget }: Management): Promise<{ readonly cache?: CacheStatus }> =>
  budget === undefined ? {} : { cache: await budget.status() };

const requireManager = ({ mayManage }: Management): void => {
  if (!mayManage) throw new OciError(403, 'DENIED', 'only who runs this registry may do that');
};

async function serveGarbage(exchange: Exchange, management: Management): Promise<void> {
  if (exchange.request.method !== 'POST') throw methodNotAllowed('POST');
  requireManager(management);
  const minutes = exchange.query.get('graceMinutes') ?? '60';
  if (!/^\d{1,6}$/.test(minutes)) throw new OciError(400, 'UNSUPPORTED', 'graceMinutes is a whole number');
  const dryRun = exchange.query.get('dryRun') === 'true';
  const report = await exchange.store.collectGarbage({ graceMs: Number(minutes) * 60_000, dryRun });
  sendJson(exchange, 200, {}, { ...report, dryRun });
}

const leaseSchema = z.strictObject({
  repository: z.string().refine(isRepositoryName, 'not the name of a repository'),
  /** A tag or a digest. */
  reference: z.string().min(1).max(200),
  holder: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'not a name'),
  /** @default until it is given up */
  seconds: z
    .int()
    .min(1)
    .max(10 * 366 * 86_400)
    .optional(),
});

const MAX_BODY = 16 * 1024;

/** Leases by hand: what runs at the site, or must be there whatever the hub says. */
async function serveLeases(exchange: Exchange, management: Management): Promise<void> {
  const { budget } = management;
  if (budget === undefined) throw new OciError(404, 'UNSUPPORTED', 'this registry has no budget, so it drops nothing');
  if (exchange.request.method === 'GET') return sendJson(exchange, 200, {}, { leases: budget.leases() });
  if (exchange.request.method !== 'POST' && exchange.request.method !== 'DELETE')
    throw methodNotAllowed('GET, POST, DELETE');
  requireManager(management);
  const parsed = leaseSchema.safeParse(await readJson(exchange));
  if (!parsed.success) throw new OciError(400, 'UNSUPPORTED', z.prettifyError(parsed.error));
  const { repository, reference, seconds } = parsed.data;
  const holder = `operator:${parsed.data.holder}`;
  const digest = findDigest(exchange, repository, reference);
  const key = graphKey(repository, digest);
  if (exchange.request.method === 'DELETE') await budget.release(key, holder);
  else {
    const until = seconds === undefined ? {} : { until: exchange.parts.clock.now().getTime() + seconds * 1000 };
    await budget.lease({ key, holder, ...until });
  }
  sendJson(exchange, 200, {}, { image: key, holder, leases: budget.leases().filter((lease) => lease.key === key) });
}

function findDigest(exchange: Exchange, repository: string, reference: string): Digest {
  const found = exchange.store.findManifest(repository, reference)?.digest;
  if (found !== undefined) return found;
  // It may be leased before it comes.
  if (isDigest(reference)) return reference;
  throw new OciError(404, 'MANIFEST_UNKNOWN', `${repository}:${reference} is not here, so its digest is not known`);
}

async function readJson({ request }: Exchange): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > MAX_BODY) throw new OciError(413, 'SIZE_INVALID', `a lease has at most ${MAX_BODY} bytes`);
    pieces.push(piece);
  }
  try {
    return parseJsonStrict(Buffer.concat(pieces), { maxDepth: 4, maxBytes: MAX_BODY, what: 'the lease' });
  } catch (cause) {
    throw new OciError(400, 'UNSUPPORTED', 'the body is no JSON', { cause });
  }
}
