import { createDigester, type Digest, digestAlgorithm, digestOf, isDigest } from '../../../core/digest.ts';
import { essenceOf, MANIFEST_ACCEPT, MAX_MANIFEST_BYTES, parseManifest } from '../../../formats/oci/index.ts';
import { registryError } from '../../errors.ts';
import type { FetchedManifest, ManifestAddress, ManifestHead, ManifestReader } from '../../ports.ts';
import { collectContent } from '../../verify-content.ts';
import { headerOf, refusal } from './answers.ts';
import { startDeadline } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import { manifestPath, pullScope } from './paths.ts';
import type { PullGuard } from './pull-guard.ts';
import type { HttpResponse } from './transport.ts';

const MANIFEST_TIME_MS = 60_000;

/** Distribution specification 1.1, "Pulling manifests". */
export function createManifestReader(exchange: Exchange, guard: Pick<PullGuard, 'admit'> = OPEN): ManifestReader {
  const ask = async <T>(
    method: 'GET' | 'HEAD',
    at: ManifestAddress,
    signal: AbortSignal | undefined,
    use: (response: HttpResponse) => Promise<T>,
  ): Promise<T | undefined> => {
    const what = describe(at);
    const deadline = startDeadline(signal, MANIFEST_TIME_MS, what);
    try {
      const response = await exchange.send({
        method,
        at: manifestPath(at),
        what,
        scopes: pullScope(at.repository),
        headers: { accept: MANIFEST_ACCEPT.join(', ') },
        signal: deadline.signal,
      });
      if (response.status === 200) return await use(response);
      if (response.status !== 404) throw await refusal(response, what, 'registry-protocol');
      response.discard();
      return undefined;
    } finally {
      deadline.clear();
    }
  };

  const getManifest: ManifestReader['getManifest'] = async (at, options) => {
    await guard.admit(async () => void (await ask('HEAD', at, options?.signal, async (head) => head.discard())));
    return ask('GET', at, options?.signal, (response) => readManifest(response, at));
  };
  return {
    getManifest,
    async headManifest(at, options) {
      const head = await ask('HEAD', at, options?.signal, async (response) => readHead(response, at) ?? 'unclear');
      if (head !== 'unclear') return head;
      // A registry that leaves out digest or length is asked for the whole, which tells both.
      const whole = await getManifest(at, options);
      return whole && { digest: whole.digest, mediaType: whole.mediaType, size: whole.bytes.length };
    },
  };
}

/** Of a registry that limits nothing. */
const OPEN: Pick<PullGuard, 'admit'> = { admit: async () => undefined };

const describe = ({ repository, reference }: ManifestAddress): string =>
  `the manifest ${repository}${isDigest(reference) ? '@' : ':'}${reference}`;

function readHead(response: HttpResponse, { reference }: ManifestAddress): ManifestHead | undefined {
  const said = headerOf(response, 'docker-content-digest');
  const digest = isDigest(reference) ? reference : said;
  const size = Number(headerOf(response, 'content-length') ?? Number.NaN);
  const mediaType = essenceOf(headerOf(response, 'content-type') ?? '');
  if (said !== undefined && said !== digest) throw mismatch(reference, said);
  if (!isDigest(digest) || !Number.isSafeInteger(size) || mediaType === '') return undefined;
  return { digest, mediaType, size };
}

async function readManifest(response: HttpResponse, at: ManifestAddress): Promise<FetchedManifest> {
  const bytes = await collectContent(response.body, MAX_MANIFEST_BYTES, describe(at));
  const said = headerOf(response, 'docker-content-digest');
  if (said !== undefined && !isDigest(said)) throw registryError('registry-protocol', `${describe(at)} has no digest`);
  const digest = isDigest(at.reference) ? at.reference : (said ?? digestOf(bytes));
  const actual = hash(bytes, digest);
  if (actual !== digest) throw mismatch(digest, actual);
  const header = headerOf(response, 'content-type');
  const mediaType = header === undefined ? parseManifest(bytes).mediaType : essenceOf(header);
  return { digest, mediaType, bytes };
}

function hash(bytes: Uint8Array, like: Digest): Digest {
  const digester = createDigester(digestAlgorithm(like));
  digester.update(bytes);
  return digester.digest();
}

const mismatch = (expected: string, actual: string) =>
  registryError('digest-mismatch', `the manifest ${expected} was answered with the digest ${actual.slice(0, 140)}`);
