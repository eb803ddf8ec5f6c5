import { z } from 'zod';
import { type AwsCredentialsProvider, ownCredentials, signRequest } from '../../aws/sign-request.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { decodeBase64, encodeBase64 } from '../../formats/base64.ts';
import type { EnvelopeSigner } from '../envelope-signature.ts';
import { signingError } from '../errors.ts';
import { NOTATION_PAYLOAD } from '../formats/notation.ts';

const PROFILE =
  /^arn:aws[a-z-]*:signer:([a-z0-9-]+):(\d{12}):\/signing-profiles\/([A-Za-z0-9_]{2,64})(?:\/[A-Za-z0-9]+)?$/;

export const isSigningProfile = (key: string): boolean => PROFILE.test(key);

const answerSchema = z.object({ signature: z.string().min(1) });
const MAX_BYTES = 1024 * 1024;
const TIMEOUT_MS = 20_000;

export interface AwsSignerOptions {
  readonly send?: typeof fetch;
  readonly credentials?: AwsCredentialsProvider;
  /** `https://signer.REGION.amazonaws.com` when absent. */
  readonly endpoint?: string;
}

/**
 * Signs with a profile of AWS Signer for the platform Notation-OCI-SHA384-ECDSA (its API, `SignPayload`). Checked against
 * the documented shapes, and never run on AWS.
 *
 * @param profile ARN of the signing profile
 * @throws LadingError `key-unusable` where it is none
 */
export function awsSigner(profile: string, options: AwsSignerOptions = {}): EnvelopeSigner {
  const { send = fetch, credentials = ownCredentials } = options;
  const [, region, owner, name] = PROFILE.exec(profile) ?? [];
  if (region === undefined) throw signingError('key-unusable', `"${profile.slice(0, 200)}" is no signing profile`);
  const url = new URL('/signing-jobs/with-payload', options.endpoint ?? `https://signer.${region}.amazonaws.com`);
  return {
    async signEnvelope(payload) {
      const body = JSON.stringify({
        payload: encodeBase64(payload),
        payloadFormat: NOTATION_PAYLOAD,
        profileName: name,
        profileOwner: owner,
      });
      try {
        const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
        const headers = await signRequest({ service: 'signer', region, url, credentials, ...request });
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const response = await send(url, { ...request, headers, redirect: 'error', signal });
        const content = new Uint8Array(await response.arrayBuffer());
        if (!response.ok) throw new Error(`it answered ${response.status}`);
        const parsed = answerSchema.parse(parseJsonStrict(content, { maxBytes: MAX_BYTES, what: 'the answer' }));
        const signature = decodeBase64(parsed.signature);
        if (signature === undefined) throw new Error('its signature is not base64');
        return signature;
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : 'no answer';
        throw signingError('signer-unavailable', `AWS Signer did not sign with ${profile}: ${why}`, { cause });
      }
    },
  };
}
