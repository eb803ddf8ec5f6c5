import { digestOf, isDigest } from '../../../core/digest.ts';
import { addToReferrersTag, parseReferrer } from '../../attach-referrer.ts';
import { registryError } from '../../errors.ts';
import type { CallOptions, ManifestReader, ManifestRemover, ManifestWriter, SubjectLocks } from '../../ports.ts';
import { headerOf, isUnknownRepository, readReason, refusal } from './answers.ts';
import { startDeadline } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import { deleteScope, manifestPath, pushScope } from './paths.ts';
import { askReferrersApi } from './referrers.ts';
import type { HttpResponse } from './transport.ts';

type Put = Parameters<ManifestWriter['putManifest']>[0];

const WRITE_TIME_MS = 120_000;

export interface ManifestWriterOptions {
  /** Names the registry among those that share locks. */
  readonly host: string;
  readonly locks: SubjectLocks;
  /** Waits between two rewrites of a referrers tag. */
  readonly pause: (attempt: number) => Promise<void>;
}

/** Distribution specification 1.1, "Pushing Manifests". */
export function createManifestWriter(
  exchange: Exchange,
  manifests: ManifestReader,
  options: ManifestWriterOptions,
): ManifestWriter {
  const putManifest: ManifestWriter['putManifest'] = async (to, call) => {
    const { digest } = await put(exchange, manifests, to, call);
    return { digest };
  };
  return {
    putManifest,
    async attachReferrer({ repository, mediaType, bytes }, call) {
      const referrer = parseReferrer({ mediaType, bytes });
      const to = { repository, reference: referrer.digest, mediaType, bytes };
      const { subject } = await put(exchange, manifests, to, call);
      const of = { repository, digest: referrer.subject.digest };
      if (subject === of.digest || (await isListed(exchange, of, referrer.digest, call))) {
        return { digest: referrer.digest, via: 'api' };
      }
      const store = { getManifest: manifests.getManifest, headManifest: manifests.headManifest, putManifest };
      const add = () => addToReferrersTag(store, repository, referrer, { ...call, pause: options.pause });
      await options.locks.hold(`${options.host}/${repository}@${of.digest}`, add);
      return { digest: referrer.digest, via: 'tag' };
    },
  };
}

/** Registries that support the API should say so by `OCI-Subject`; one that does not may list the entry all the same. */
async function isListed(
  exchange: Exchange,
  of: Parameters<typeof askReferrersApi>[1],
  digest: string,
  call: CallOptions | undefined,
): Promise<boolean> {
  const listed = await askReferrersApi(exchange, of, { ...call, limit: 1_000 });
  return listed?.descriptors.some((d) => d.digest === digest) ?? false;
}

async function put(exchange: Exchange, manifests: ManifestReader, to: Put, call: CallOptions | undefined) {
  const digest = isDigest(to.reference) ? to.reference : digestOf(to.bytes);
  const what = `the manifest ${to.repository}${isDigest(to.reference) ? '@' : ':'}${to.reference}`;
  const deadline = startDeadline(call?.signal, WRITE_TIME_MS, what);
  try {
    const response = await exchange.send({
      method: 'PUT',
      at: manifestPath(to),
      what,
      scopes: pushScope(to.repository),
      headers: { 'content-type': to.mediaType, 'content-length': String(to.bytes.length) },
      body: to.bytes,
      signal: deadline.signal,
    });
    if (response.status < 200 || response.status > 204) {
      return await judgeRefusal(response, manifests, to, digest, what);
    }
    response.discard();
    const said = headerOf(response, 'docker-content-digest');
    if (said !== undefined && said !== digest) {
      throw registryError('digest-mismatch', `the registry stored ${what} as ${said.slice(0, 140)}, not ${digest}`);
    }
    return { digest, subject: headerOf(response, 'oci-subject') };
  } finally {
    deadline.clear();
  }
}

const IMMUTABLE = /immutab|already exists|ImageTagAlreadyExists|ImageAlreadyExists/i;

/** A tag that cannot be moved and already is where it should be is no failure: the push was done before. */
async function judgeRefusal(
  response: HttpResponse,
  manifests: ManifestReader,
  to: Put,
  digest: string,
  what: string,
): Promise<{ readonly digest: ReturnType<typeof digestOf>; readonly subject: string | undefined }> {
  const reason = await readReason(response);
  if (!IMMUTABLE.test(reason.text)) {
    const code = isUnknownRepository(response, reason) ? 'repository-unknown' : 'registry-refused';
    throw registryError(code, `${what} was refused (${reason.text})`);
  }
  const there = await manifests.headManifest(to);
  if (there?.digest === digest) return { digest: there.digest, subject: undefined };
  throw registryError('tag-immutable', `${what} exists with another digest and is immutable (${reason.text})`);
}

/** Distribution specification 1.1, "Content Management": a registry may refuse to delete at all. */
export function createManifestRemover(exchange: Exchange): ManifestRemover {
  const remove = async (repository: string, reference: string, what: string, call: CallOptions | undefined) => {
    const deadline = startDeadline(call?.signal, WRITE_TIME_MS, what);
    try {
      const response = await exchange.send({
        method: 'DELETE',
        at: manifestPath({ repository, reference }),
        what,
        scopes: deleteScope(repository),
        signal: deadline.signal,
      });
      if (response.status !== 404 && response.status > 204) {
        throw await refusal(response, `deleting ${what}`, 'registry-refused', 'deletion may be switched off there');
      }
      response.discard();
      return response.status !== 404;
    } finally {
      deadline.clear();
    }
  };
  return {
    deleteManifest: ({ repository, digest }, call) =>
      remove(repository, digest, `the manifest ${repository}@${digest}`, call),
    deleteTag: ({ repository, tag }, call) => remove(repository, tag, `the tag ${repository}:${tag}`, call),
  };
}
