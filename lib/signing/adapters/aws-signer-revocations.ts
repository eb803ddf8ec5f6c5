import { z } from 'zod';
import { type AwsCredentialsProvider, ownCredentials, signRequest } from '../../aws/sign-request.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { RevocationSource } from '../ports.ts';

const ARN = /^arn:(aws[a-z-]*):signer:([a-z0-9-]{1,40}):/;
/** The one platform that signs for Notary Project (AWS Signer developer guide, "Signing platforms"). */
const PLATFORM = 'Notation-OCI-SHA384-ECDSA';
const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 5_000;

const answerSchema = z.object({ revokedEntities: z.array(z.string().max(2048)).max(100).nullish() });

export interface RevocationOptions {
  readonly send?: typeof fetch;
  readonly credentials?: AwsCredentialsProvider;
  /** `https://verification.signer.REGION.amazonaws.com` when absent. */
  readonly endpoint?: string;
}

/**
 * Asks AWS Signer whether job, profile or certificates are revoked (its API, `GetRevocationStatus`), in the region of the
 * profile. Wants the right `signer:GetRevocationStatus` on the profile. Checked against the documented shapes, and never
 * run on AWS.
 */
export function awsSignerRevocations(options: RevocationOptions = {}): RevocationSource {
  const { send = fetch, credentials = ownCredentials } = options;
  return {
    async ask({ profileVersion, job, signedAt, certificates }) {
      const [, partition, region] = ARN.exec(profileVersion) ?? [];
      if (region === undefined) return { kind: 'unknown', detail: 'the signing profile has no region' };
      const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
      const url = new URL('/revocations', options.endpoint ?? `https://verification.signer.${region}.${domain}`);
      const query = {
        signatureTimestamp: signedAt,
        platformId: PLATFORM,
        profileVersionArn: profileVersion,
        jobArn: job,
      };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      for (const certificate of certificates) url.searchParams.append('certificateHashes', certificate);
      try {
        const headers = await signRequest({ service: 'signer', region, url, method: 'GET', credentials });
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const response = await send(url, { headers, redirect: 'error', signal });
        const content = new Uint8Array(await response.arrayBuffer());
        if (!response.ok) return { kind: 'unknown', detail: `AWS Signer answered ${response.status}` };
        const { revokedEntities } = answerSchema.parse(
          parseJsonStrict(content, { maxBytes: MAX_BYTES, what: 'the answer' }),
        );
        return revokedEntities?.length ? { kind: 'revoked', entities: revokedEntities } : { kind: 'good' };
      } catch (cause) {
        return { kind: 'unknown', detail: `AWS Signer could not be asked: ${reasonOf(cause)}`.slice(0, 300) };
      }
    },
  };
}

/** "fetch failed" says less than what it failed of. */
function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error('no answer');
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}

/** Asks nobody: for those who verify where there is no network. */
export const noRevocations: RevocationSource = {
  ask: async () => ({ kind: 'unknown', detail: 'AWS Signer was not asked, since nothing but the registry is' }),
};
