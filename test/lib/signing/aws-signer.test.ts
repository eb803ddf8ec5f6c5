import { describe, expect, it } from 'vitest';
import { awsSigner, isSigningProfile } from '../../../lib/signing/adapters/aws-signer.ts';
import { localSigner } from '../../../lib/signing/adapters/local-signer.ts';
import { createEnvelopeSignature, createSignature, pushRecorded, verify } from '../../../lib/signing/index.ts';
import { makeChain } from '../../support/certificates.ts';
import { NOW, newImage, notationTrust, SIGNED } from './verify/material.ts';

const PROFILE = 'arn:aws:signer:eu-central-1:123456789012:/signing-profiles/release';
const credentials = async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' });

/** AWS Signer as its API reference documents `SignPayload`; the envelope is made here. */
function fakeSigner(image: Awaited<ReturnType<typeof newImage>>, other = image) {
  const { authority, signer, chain } = makeChain();
  const requests: { readonly url: string; readonly body: unknown; readonly headers: Headers }[] = [];
  const send = (async (url: URL, init: RequestInit) => {
    requests.push({ url: String(url), body: JSON.parse(String(init.body)), headers: new Headers(init.headers) });
    const options = { format: 'notation-jws', certificates: chain } as const;
    const made = await createSignature(localSigner(signer.privateKey), other.at, other.descriptor, NOW, options);
    const signature = Buffer.from(made.bundle).toString('base64');
    return Response.json({ jobId: 'j', jobOwner: '123456789012', metadata: {}, signature });
  }) as unknown as typeof fetch;
  return { send, requests, authority };
}

describe('AWS Signer', () => {
  it('makes envelopes that are checked before they are pushed', async () => {
    const image = await newImage();
    const { send, requests, authority } = fakeSigner(image);
    const signer = awsSigner(PROFILE, { send, credentials });
    const signature = await createEnvelopeSignature(signer, image.at, image.descriptor, NOW);
    await pushRecorded(image.registry, signature);
    expect(requests).toMatchObject([
      {
        url: 'https://signer.eu-central-1.amazonaws.com/signing-jobs/with-payload',
        body: {
          payloadFormat: 'application/vnd.cncf.notary.payload.v1+json',
          profileName: 'release',
          profileOwner: '123456789012',
        },
      },
    ]);
    expect(requests[0]?.headers.get('authorization')).toContain('/eu-central-1/signer/aws4_request');
    const trust = { keys: [], notation: notationTrust(authority.der) };
    expect(verify(await image.fetch(), trust, [SIGNED], NOW).trusted).toBe(true);
  });

  it('is not believed when it signs something else, and says when it does not sign', async () => {
    const image = await newImage();
    const { send } = fakeSigner(image, await newImage('app', 'something else'));
    await expect(
      createEnvelopeSignature(awsSigner(PROFILE, { send, credentials }), image.at, image.descriptor, NOW),
    ).rejects.toMatchObject({ code: 'signature-faulty' });
    for (const answer of [new Response('{}', { status: 403 }), Response.json({ signature: '!' }), Response.json({})]) {
      const refusing = (async () => answer) as unknown as typeof fetch;
      await expect(
        createEnvelopeSignature(awsSigner(PROFILE, { send: refusing, credentials }), image.at, image.descriptor, NOW),
      ).rejects.toMatchObject({ code: 'signer-unavailable', retryable: true });
    }
  });

  it('is named by the ARN of a profile', () => {
    expect(isSigningProfile(PROFILE)).toBe(true);
    expect(isSigningProfile(`${PROFILE}/Abc123`)).toBe(true);
    for (const wrong of ['release', 'arn:aws:kms:eu-central-1:123456789012:key/x', `${PROFILE}/../x`]) {
      expect(isSigningProfile(wrong)).toBe(false);
      expect(() => awsSigner(wrong)).toThrow(expect.objectContaining({ code: 'key-unusable' }));
    }
  });
});
