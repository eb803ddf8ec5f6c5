import { isDigest } from '../../../../lib/core/digest.ts';
import { isTag } from '../../../../lib/core/image-reference.ts';
import { OciError } from '../errors.ts';
import { accepts } from '../media-types.ts';
import type { DeleteOutcome, PutManifestOutcome, StoredManifest } from '../model.ts';
import { MAX_MANIFEST_BYTES } from '../read-manifest.ts';
import { type Exchange, methodNotAllowed, nameUnknown, notFound, requireDigest, send } from './exchange.ts';

/** distribution-spec 1.1, end-7b: "SHOULD support pushing at least 10 tags per request". */
const MAX_TAGS = 100;
const MAX_ERRORS = 100;

export async function serveManifest(exchange: Exchange, repository: string, reference: string): Promise<void> {
  switch (exchange.request.method) {
    case 'HEAD':
    case 'GET':
      await exchange.require('ecr:BatchGetImage', repository);
      return get(exchange, repository, checkReference(reference));
    case 'PUT':
      await exchange.require('ecr:PutImage', repository);
      return put(exchange, repository, checkReference(reference));
    case 'DELETE':
      await exchange.require('ecr:BatchDeleteImage', repository);
      return remove(exchange, repository, checkReference(reference));
    default:
      throw methodNotAllowed('GET, HEAD, PUT, DELETE');
  }
}

function checkReference(reference: string): string {
  if (reference.includes(':')) return requireDigest(reference);
  if (isTag(reference)) return reference;
  throw new OciError(
    400,
    'MANIFEST_INVALID',
    `${JSON.stringify(reference.slice(0, 140))} is neither a tag nor a digest`,
  );
}

const unknown = (repository: string, reference: string): OciError =>
  notFound('MANIFEST_UNKNOWN', `the repository "${repository}" has no manifest "${reference}"`);

/** What a mirror has under the reference; the reference itself where no rule covers the repository. */
async function mirrored(exchange: Exchange, repository: string, reference: string): Promise<string> {
  const mirror = exchange.mirrorOf(repository);
  if (!mirror) return reference;
  try {
    return await mirror.manifest({ repository, principal: exchange.principal }, reference);
  } catch (error) {
    // The upstream may have archived it.
    if (error instanceof OciError && error.status === 404) await exchange.recall(repository, reference);
    throw error;
  }
}

function findReadable(exchange: Exchange, repository: string, reference: string): StoredManifest | undefined {
  const found = exchange.store.findManifest(repository, reference);
  return found && exchange.isArchived(repository, found.digest) ? undefined : found;
}

async function get(exchange: Exchange, repository: string, asked: string): Promise<void> {
  const reference = await mirrored(exchange, repository, asked);
  if (!exchange.parts.state.repositories.has(repository)) throw nameUnknown(repository);
  const manifest = findReadable(exchange, repository, reference) ?? (await exchange.recall(repository, reference));
  if (!manifest) throw unknown(repository, reference);
  const { headers, method } = exchange.request;
  const pulling = method === 'GET' ? exchange.mirrorOf(repository)?.pulling(repository, manifest.digest) : undefined;
  if (pulling) exchange.response.once('close', pulling);
  if (!accepts(headers.accept, manifest.mediaType)) {
    const why = `the manifest is of type ${manifest.mediaType}, which the Accept header leaves out`;
    throw notFound('MANIFEST_UNKNOWN', why);
  }
  const etag = `"${manifest.digest}"`;
  const described = { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest, etag };
  if (headers['if-none-match'] === etag) return send(exchange, 304, described);
  if (method === 'HEAD') {
    exchange.response.writeHead(200, { ...described, 'content-length': String(manifest.size) });
    return void exchange.response.end();
  }
  // Signatures and statements must be there to be read, whatever is thought of their image.
  if (manifest.subject === undefined) await exchange.requirePull(repository, manifest.digest);
  // By digest: the tag may have moved since, and headers and bytes must be of one manifest.
  const found = await exchange.store.getManifest(repository, manifest.digest);
  if (!found) throw unknown(repository, reference);
  send(exchange, 200, described, found.bytes);
}

async function put(exchange: Exchange, repository: string, reference: string): Promise<void> {
  const digest = isDigest(reference) ? reference : undefined;
  const tags = digest === undefined ? [reference] : tagParameters(exchange.query);
  const bytes = await readBody(exchange);
  const mediaType = exchange.request.headers['content-type'];
  const outcome = await exchange.store.putManifest(repository, {
    bytes,
    tags,
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(digest === undefined ? {} : { digest }),
  });
  const stored = requireStored(outcome);
  send(exchange, 201, {
    location: `/v2/${repository}/manifests/${stored.digest}`,
    'docker-content-digest': stored.digest,
    ...(stored.subject === undefined ? {} : { 'oci-subject': stored.subject }),
    ...(digest !== undefined && stored.tags.length > 0 ? { 'oci-tag': stored.tags } : {}),
  });
}

function requireStored(result: PutManifestOutcome): Extract<PutManifestOutcome, { outcome: 'stored' }> {
  switch (result.outcome) {
    case 'stored':
      return result;
    case 'invalid':
      throw new OciError(400, 'MANIFEST_INVALID', result.reason);
    case 'too-large':
      throw tooLarge();
    case 'digest-mismatch':
      throw new OciError(400, 'DIGEST_INVALID', `the content of the manifest is ${result.actual}`);
    case 'unknown-references':
      throw new OciError(404, 'MANIFEST_BLOB_UNKNOWN', 'the manifest names content that the repository does not have', {
        details: result.missing.slice(0, MAX_ERRORS).map((digest) => ({ digest })),
      });
  }
}

function tagParameters(query: URLSearchParams): readonly string[] {
  const tags = query.getAll('tag');
  if (tags.length > MAX_TAGS) throw new OciError(414, 'UNSUPPORTED', `at most ${MAX_TAGS} tags can be pushed at once`);
  const bad = tags.find((tag) => !isTag(tag));
  if (bad !== undefined) {
    throw new OciError(400, 'MANIFEST_INVALID', `${JSON.stringify(bad.slice(0, 140))} is not a tag`);
  }
  return tags;
}

const tooLarge = (): OciError =>
  new OciError(413, 'SIZE_INVALID', `manifests have at most ${MAX_MANIFEST_BYTES} bytes`);

async function readBody({ request }: Exchange): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_MANIFEST_BYTES) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > MAX_MANIFEST_BYTES) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function remove(exchange: Exchange, repository: string, reference: string): Promise<void> {
  if (!exchange.parts.state.repositories.has(repository)) throw nameUnknown(repository);
  const result: DeleteOutcome = isDigest(reference)
    ? await exchange.store.deleteManifest(repository, reference)
    : await exchange.store.deleteTag(repository, reference);
  switch (result.outcome) {
    case 'deleted':
      return send(exchange, 202, {});
    case 'unknown':
      throw unknown(repository, reference);
    case 'referenced':
      // As ECR's ImageReferencedByManifestList: an index with a hole cannot be pulled.
      throw new OciError(405, 'DENIED', `the index ${result.by} needs this manifest; delete it first`);
  }
}
