import { isDigest } from '../../../../lib/core/digest.ts';
import { isRepositoryName } from '../../../../lib/core/image-reference.ts';
import { OciError } from '../errors.ts';
import { parseContentRange, uploadRange } from '../ranges.ts';
import type { ChunkClaim, Upload } from '../upload.ts';
import type { HashAlgorithm } from '../upload-file.ts';
import { finishUpload, mountBlob } from '../write-blobs.ts';
import { type Exchange, type Headers, methodNotAllowed, notFound, requireDigest, send } from './exchange.ts';

/** `POST /v2/<name>/blobs/uploads/`: a mount, a whole blob, or the start of an upload. */
export async function serveUploads(exchange: Exchange, repository: string): Promise<void> {
  if (exchange.request.method !== 'POST') throw methodNotAllowed('POST');
  await exchange.require('ecr:InitiateLayerUpload', repository);
  const { query } = exchange;
  const mount = query.get('mount');
  if (mount !== null) {
    const digest = requireDigest(mount);
    const source = await mountSource(exchange, repository, mount);
    if (source !== undefined && (await mountBlob(exchange.parts, source, repository, digest))) {
      return created(exchange, repository, digest);
    }
    // "it SHOULD return a 202 … the client MAY proceed with the upload"
    return accepted(exchange, exchange.parts.uploads.start(repository, algorithmOf(digest)));
  }
  const digestText = query.get('digest');
  if (digestText === null) {
    return accepted(exchange, exchange.parts.uploads.start(repository, requestedAlgorithm(query)));
  }
  await exchange.require('ecr:UploadLayerPart', repository);
  await exchange.require('ecr:CompleteLayerUpload', repository);
  const digest = requireDigest(digestText);
  const upload = exchange.parts.uploads.start(repository, algorithmOf(digest));
  try {
    await upload.append(bodyOf(exchange), { ...lengthClaim(exchange) }, { resumable: false });
    await finishUpload(exchange.parts, upload, digest);
  } catch (error) {
    await exchange.parts.uploads.discard(upload);
    throw error;
  }
  created(exchange, repository, digest);
}

/** `/v2/<name>/blobs/uploads/<id>`: chunks, status, end and cancellation of an upload. */
export async function serveUpload(exchange: Exchange, repository: string, id: string): Promise<void> {
  const find = (): Upload => {
    const upload = exchange.parts.uploads.find(repository, id);
    if (!upload) throw notFound('BLOB_UPLOAD_UNKNOWN', 'there is no such upload; it may have ended or been swept');
    return upload;
  };
  switch (exchange.request.method) {
    case 'PATCH': {
      await exchange.require('ecr:UploadLayerPart', repository);
      const upload = find();
      await append(exchange, upload);
      return accepted(exchange, upload);
    }
    case 'PUT':
      if (hasBody(exchange)) await exchange.require('ecr:UploadLayerPart', repository);
      await exchange.require('ecr:CompleteLayerUpload', repository);
      return finish(exchange, find());
    case 'GET':
    case 'HEAD':
      await exchange.require('ecr:UploadLayerPart', repository);
      return send(exchange, 204, uploadHeaders(find()));
    case 'DELETE':
      await exchange.require('ecr:InitiateLayerUpload', repository);
      await exchange.parts.uploads.discard(find());
      return send(exchange, 204, {});
    default:
      throw methodNotAllowed('GET, PATCH, PUT, DELETE');
  }
}

async function finish(exchange: Exchange, upload: Upload): Promise<void> {
  const digest = requireDigest(exchange.query.get('digest') ?? '');
  await upload.exclusively(async () => {
    const claim = chunkClaim(exchange);
    if (hasBody(exchange)) await appendNow(exchange, upload, claim);
    await finishUpload(exchange.parts, upload, digest);
  });
  created(exchange, upload.repository, digest);
}

const append = (exchange: Exchange, upload: Upload): Promise<void> =>
  upload.exclusively(() => appendNow(exchange, upload, chunkClaim(exchange)));

async function appendNow(exchange: Exchange, upload: Upload, claim: ChunkClaim): Promise<void> {
  try {
    await upload.append(bodyOf(exchange), claim);
  } catch (error) {
    if (!(error instanceof OciError) || error.status !== 416) throw error;
    throw new OciError(416, error.ociCode, error.message, {
      headers: { ...error.headers, location: locationOf(upload) },
    });
  }
}

/**
 * Where a mount may come from: the named repository, or without a name any that has the blob
 * ("The registry MAY treat the `from` parameter as optional"); in both cases only one whose blobs the caller may read.
 */
async function mountSource(exchange: Exchange, target: string, digest: string): Promise<string | undefined> {
  if (!isDigest(digest)) return undefined;
  const from = exchange.query.get('from');
  const { repositories } = exchange.parts.state;
  const candidates = from === null ? [target, ...repositories.keys()] : [from];
  for (const name of candidates) {
    if (!isRepositoryName(name) || !repositories.get(name)?.blobs.has(digest)) continue;
    // What a mirror holds back must not come out through another repository.
    if (exchange.principal === undefined && exchange.mirrorOf(name) !== undefined) continue;
    if (await exchange.allows('ecr:GetDownloadUrlForLayer', name)) return name;
  }
  return undefined;
}

const algorithmOf = (digest: string): HashAlgorithm => (digest.startsWith('sha512:') ? 'sha512' : 'sha256');

function requestedAlgorithm(query: URLSearchParams): HashAlgorithm {
  const wanted = query.get('digest-algorithm') ?? 'sha256';
  if (wanted === 'sha256' || wanted === 'sha512') return wanted;
  throw new OciError(400, 'DIGEST_INVALID', 'digest-algorithm is neither sha256 nor sha512');
}

function lengthClaim({ request }: Exchange): ChunkClaim {
  const text = request.headers['content-length'];
  return text === undefined ? {} : { length: Number(text) };
}

const hasBody = ({ request }: Exchange): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

function chunkClaim(exchange: Exchange): ChunkClaim {
  const { length } = lengthClaim(exchange);
  const header = exchange.request.headers['content-range'];
  if (header === undefined) return length === undefined ? {} : { length };
  const range = parseContentRange(header);
  if (!range) {
    throw new OciError(400, 'BLOB_UPLOAD_INVALID', 'Content-Range is not of the form <start>-<end>, both inclusive');
  }
  const claimed = range.end - range.start + 1;
  if (length !== undefined && length !== claimed) {
    throw new OciError(400, 'SIZE_INVALID', `Content-Range speaks of ${claimed} bytes, Content-Length of ${length}`);
  }
  return { start: range.start, length: claimed };
}

/** Leaving early must not tear the connection down: the client is to read why. */
const bodyOf = ({ request }: Exchange): AsyncIterable<Uint8Array> => request.iterator({ destroyOnReturn: false });

const locationOf = (upload: Upload): string => `/v2/${upload.repository}/blobs/uploads/${upload.id}`;

const uploadHeaders = (upload: Upload): Headers => ({
  location: locationOf(upload),
  range: uploadRange(upload.offset()),
  'docker-upload-uuid': upload.id,
});

const accepted = (exchange: Exchange, upload: Upload): void => send(exchange, 202, uploadHeaders(upload));

const created = (exchange: Exchange, repository: string, digest: string): void =>
  send(exchange, 201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest });
