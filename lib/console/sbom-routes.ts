import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isDigest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import { type ImageSubject, publishable } from '../events/index.ts';
import { sbomReceivedDraft, takeInSbom } from '../external-sboms/index.ts';
import type { CatalogEntry } from '../inventory/index.ts';
import { compareSboms, describeForm, listSbom, parseSbomForm, readSbom, type Sbom, writeSbom } from '../sbom/index.ts';
import { imageOf } from './find.ts';
import type { ConsolePorts } from './ports.ts';

/** A request to a function may have 6 MB (Lambda quotas), a third of which base64 takes. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

const limited = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new LadingError('request-too-large', `the body is over ${MAX_BODY_BYTES} bytes`, {
      hint: 'send it with gzip, as application/gzip',
    });
  },
});

/** SBOMs in every form, what they are worth, and those that others made. */
export function addSbomApi(app: Hono, ports: ConsolePorts): void {
  const { sboms: desk } = ports;
  const ownOf = async (entry: CatalogEntry): Promise<Sbom> => {
    const own = await desk.own.get(entry.digest);
    if (own) return own;
    throw new LadingError('sbom-unknown', `${locationKey(entry)} has no SBOM yet`);
  };
  app.get('/api/sbom', async (context) => {
    const { sbom, entry } = await imageOf(ports, context.req.query('ref'));
    const asked = context.req.query('form');
    if (asked !== undefined) return answerForm(context, entry, await ownOf(entry), asked);
    const document = sbom && (await ports.reports.sbom(sbom.sbom.key));
    if (!document) throw new LadingError('sbom-unknown', `${locationKey(entry)} has no SBOM yet`);
    return answerFile(context, entry, Buffer.from(document).toString('utf8'), {
      mediaType: 'application/vnd.cyclonedx+json',
      extension: 'cdx.json',
    });
  });
  app.get('/api/sbom/quality', async (context) => {
    const { entry } = await imageOf(ports, context.req.query('ref'));
    const quality = await desk.qualities.get(entry.digest);
    if (!quality) throw new LadingError('sbom-unknown', `the SBOM of ${locationKey(entry)} was not judged yet`);
    return context.json(quality);
  });
  app.get('/api/sboms', async (context) => {
    const { entry } = await imageOf(ports, context.req.query('ref'));
    const own = await desk.own.get(entry.digest);
    const { generator, packages, outcome } = own ?? {};
    return context.json({
      image: locationKey(entry),
      ...(generator
        ? { own: { generator: `${generator.name} ${generator.version}`, packages: packages?.length ?? 0, outcome } }
        : {}),
      external: await desk.externals.list(entry.digest),
    });
  });
  app.get('/api/sboms/diff', async (context) => {
    const { entry } = await imageOf(ports, context.req.query('ref'));
    const asked = context.req.query('document');
    const other = (await desk.externals.list(entry.digest)).find(({ document }) => document.digest === asked);
    const content = other && (await desk.externals.content(other));
    if (!content) {
      const what = isDigest(asked) ? asked : 'the document';
      throw new LadingError('sbom-unknown', `${what} is no SBOM that others made of ${locationKey(entry)}`);
    }
    return context.json(compareSboms(listSbom(await ownOf(entry)), readSbom(content)));
  });
  app.post('/api/sboms', limited, async (context) => {
    const { entry, tags } = await imageOf(ports, context.req.query('ref'));
    const content = await documentOf(context);
    const now = desk.clock.now();
    const found = { image: entry.digest, content, origin: 'upload', standing: { kind: 'unsigned' } } as const;
    const tool = context.req.query('tool');
    const taken = await takeInSbom(desk.externals, found, now.toISOString(), tool);
    if (taken.kind !== 'kept') throw new LadingError('sbom-invalid', taken.why);
    const { registry, repository, digest, mediaType, platform } = entry;
    const subject: ImageSubject = { registry, repository, digest, mediaType, tags: [...tags] };
    const draft = sbomReceivedDraft(platform === undefined ? subject : { ...subject, platform }, taken.sbom);
    await desk.publisher.publish([publishable(draft, { root: `api ${now.toISOString()}` }, now)]);
    return context.json({ sbom: taken.sbom });
  });
}

function answerForm(context: Context, entry: CatalogEntry, own: Sbom, asked: string): Response {
  const form = parseSbomForm(asked);
  const { registry, repository, pushedAt } = entry;
  // The time is one that does not change, so that the same question has the same answer.
  const document = writeSbom(own, form, { timestamp: pushedAt, registry, repository });
  return answerFile(context, entry, document, describeForm(form));
}

function answerFile(
  context: Context,
  { repository }: CatalogEntry,
  document: string,
  { mediaType, extension }: { readonly mediaType: string; readonly extension: string },
): Response {
  const name = repository.replace(/[^a-z0-9._-]+/gi, '-').slice(0, 100);
  return context.body(document, 200, {
    'content-type': mediaType,
    'content-disposition': `attachment; filename="${name}.${extension}"`,
  });
}

const TYPES = /^(?:application\/(?:gzip|json|xml|spdx\+json|vnd\.cyclonedx\+(?:json|xml)|vnd\.syft\+json)|text\/spdx)$/;

/**
 * What is written must come from a program. A page of somebody else can make a browser send a request to the local stack,
 * but not one with such a content type, unless it is asked first (Fetch standard, "CORS").
 */
async function documentOf(context: Context): Promise<Uint8Array> {
  const site = context.req.header('sec-fetch-site');
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if ((site !== undefined && site !== 'same-origin' && site !== 'none') || !TYPES.test(type)) {
    throw new LadingError('request-invalid', 'the request must be of a type of SBOMs, and not of another site', {
      hint: 'send it as application/json, application/xml or text/spdx, or with gzip as application/gzip',
    });
  }
  const body = new Uint8Array(await context.req.arrayBuffer());
  if (type !== 'application/gzip') return body;
  try {
    return await promisify(gunzip)(body, { maxOutputLength: MAX_DOCUMENT_BYTES });
  } catch (cause) {
    const large = cause instanceof RangeError;
    const why = large ? `the document is over ${MAX_DOCUMENT_BYTES} bytes` : 'the body is not gzip';
    throw new LadingError(large ? 'request-too-large' : 'request-invalid', why, { cause });
  }
}
