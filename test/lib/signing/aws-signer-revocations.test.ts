import { describe, expect, it } from 'vitest';
import { awsSignerRevocations, noRevocations } from '../../../lib/signing/adapters/aws-signer-revocations.ts';
import type { RevocationSource } from '../../../lib/signing/index.ts';
import { JOB, PROFILE_VERSION } from '../../support/aws-signer-envelope.ts';

const credentials = async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' });
const question = {
  profileVersion: PROFILE_VERSION,
  job: JOB,
  signedAt: '2026-05-01T00:00:00.000Z',
  certificates: ['a'.repeat(192), 'b'.repeat(192)],
};

/** The service as its API reference documents `GetRevocationStatus`. */
function service(respond: () => Response | Promise<Response>) {
  const requests: { readonly url: URL; readonly init: RequestInit }[] = [];
  const send = (async (url: URL, init: RequestInit) => {
    requests.push({ url, init });
    return respond();
  }) as unknown as typeof fetch;
  return { requests, source: awsSignerRevocations({ send, credentials }) };
}

/** What whoever asks may rely on, of every source. */
describe.each<[string, () => RevocationSource]>([
  ['that is not there', () => service(() => Promise.reject(new Error('no network'))).source],
  ['that refuses', () => service(() => new Response('{"message":"denied"}', { status: 403 })).source],
  ['that fails', () => service(() => new Response('oops', { status: 500 })).source],
  ['that answers with something else', () => service(() => new Response('<html>')).source],
  ['that answers with another type', () => service(() => Response.json({ revokedEntities: 'none' })).source],
  ['that answers without end', () => service(() => new Response(`{"x":"${'x'.repeat(70_000)}"}`)).source],
  ['that is not to be asked', () => noRevocations],
])('a source %s', (_, make) => {
  it('makes "unknown" of it, and never "good"', async () => {
    const answer = await make().ask(question);
    expect(answer).toMatchObject({ kind: 'unknown' });
    expect(answer.kind === 'unknown' && answer.detail).toMatch(/AWS Signer/);
  });
});

describe('AWS Signer’s GetRevocationStatus', () => {
  it('is asked in the region of the profile, signed, with every certificate', async () => {
    const { requests, source } = service(() => Response.json({ revokedEntities: [] }));
    expect(await source.ask(question)).toEqual({ kind: 'good' });
    const [request] = requests;
    expect(request?.url.origin).toBe('https://verification.signer.us-west-2.amazonaws.com');
    expect(request?.url.pathname).toBe('/revocations');
    expect(request?.url.searchParams.getAll('certificateHashes')).toEqual(question.certificates);
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toMatchObject({
      platformId: 'Notation-OCI-SHA384-ECDSA',
      profileVersionArn: PROFILE_VERSION,
      jobArn: JOB,
      signatureTimestamp: '2026-05-01T00:00:00.000Z',
    });
    expect(request?.init).toMatchObject({ redirect: 'error' });
    const headers = new Headers(request?.init.headers);
    expect(headers.get('authorization')).toContain('/us-west-2/signer/aws4_request');
  });

  it('says what is revoked', async () => {
    const { source } = service(() => Response.json({ revokedEntities: [JOB] }));
    expect(await source.ask(question)).toEqual({ kind: 'revoked', entities: [JOB] });
    expect(await service(() => Response.json({})).source.ask(question)).toEqual({ kind: 'good' });
  });

  it('is asked in China under its own name', async () => {
    const { requests, source } = service(() => Response.json({}));
    await source.ask({
      ...question,
      profileVersion: PROFILE_VERSION.replace('arn:aws:signer:us-west-2', 'arn:aws-cn:signer:cn-north-1'),
    });
    expect(requests[0]?.url.host).toBe('verification.signer.cn-north-1.amazonaws.com.cn');
  });
});
