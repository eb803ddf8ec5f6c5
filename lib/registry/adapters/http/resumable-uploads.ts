import type { Digest } from '../../../core/digest.ts';
import { registryError } from '../../errors.ts';
import type { ResumableUploads, UploadSession } from '../../ports.ts';
import { startDeadline, transferTimeMs } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import { pushScope } from './paths.ts';
import { askUpload, finish, locationOf, type Place, patch, startUpload } from './uploads.ts';

const QUESTION_TIME_MS = 60_000;
/** Sessions are of repositories; the digest comes last, and until then is only a name in messages. */
const someDigest = 'sha256:a-blob-in-parts' as Digest;

/** Uploads in parts, each of which is a request of its own, so that another process can go on with them. */
export function createResumableUploads(exchange: Exchange): ResumableUploads {
  const placeOf = ({ location, offset }: UploadSession): Place => {
    const url = URL.canParse(location) ? new URL(location) : undefined;
    if (url === undefined) throw registryError('registry-protocol', 'an upload has no usable location');
    // It was written down in between: what is allowed may have changed since.
    exchange.policy.check(url, 'the upload location');
    return { location: url, offset };
  };
  return {
    async begin(repository, call) {
      const response = await startUpload(exchange, repository, '', pushScope(repository), call?.signal);
      return { location: locationOf(exchange, response).href, offset: 0 };
    },
    find: (repository, location, call) =>
      within(call?.signal, QUESTION_TIME_MS, `asking for an upload to ${repository}`, async (signal) => {
        const { location: url } = placeOf({ location, offset: 0 });
        const place = await askUpload(exchange, { repository, digest: someDigest }, url, signal);
        return place && { location: place.location.href, offset: place.offset };
      }),
    append: (repository, session, bytes, call) =>
      within(call?.signal, transferTimeMs(bytes.length), `a part of an upload to ${repository}`, async (signal) => {
        const to = { repository, digest: someDigest };
        const next = await patch(exchange, to, placeOf(session), bytes, signal);
        return { location: next.href, offset: session.offset + bytes.length };
      }),
    finish: (to, session, call) =>
      within(call?.signal, QUESTION_TIME_MS, `finishing the blob ${to.digest}`, (signal) =>
        finish(exchange, to, placeOf(session).location, signal, { headers: { 'content-length': '0' } }),
      ),
  };
}

async function within<T>(
  outer: AbortSignal | undefined,
  ms: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(outer, ms, what);
  try {
    return await work(deadline.signal);
  } finally {
    deadline.clear();
  }
}
