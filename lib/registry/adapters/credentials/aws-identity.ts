import { z } from 'zod';
import { callJson } from '../../../aws/json-call.ts';
import { callerProof, type RoleToTake, roleCredentials } from '../../../aws/roles.ts';
import { LadingError } from '../../../core/errors.ts';
import type { AwsRole } from '../../credentials/model.ts';
import type { AwsIdentity, WorkloadTokens } from '../../credentials/ports.ts';
import { registryError } from '../../errors.ts';

const answerSchema = z.object({
  authorizationData: z.object({
    authorizationToken: z.string().regex(/^[A-Za-z0-9+/=]{1,65536}$/),
    /** Seconds since 1970. */
    expiresAt: z.number(),
  }),
});

/** ECR Public's API is in this region only ("Amazon ECR Public endpoints and quotas"). */
const PUBLIC_REGION = 'us-east-1';
const PUBLIC_ENDPOINT = `https://api.ecr-public.${PUBLIC_REGION}.amazonaws.com`;

/** Who we are at AWS: our own role, or another that is taken. */
export function createAwsIdentity(
  workload: WorkloadTokens,
  options: { readonly ecrPublicEndpoint?: string } = {},
): AwsIdentity {
  const { ecrPublicEndpoint: endpoint = PUBLIC_ENDPOINT } = options;
  return {
    callerProof: (resource) => callerProof(resource),
    async ecrPublicPassword(role) {
      const answer = await callJson({
        service: 'ecr-public',
        target: 'SpencerFrontendService.GetAuthorizationToken',
        input: {},
        region: PUBLIC_REGION,
        endpoint,
        ...(role === undefined ? {} : { credentials: roleCredentials(toTake(role, workload)) }),
      }).catch((error: unknown) => {
        throw asDenied(error);
      });
      return readPassword(answer);
    },
  };
}

function asDenied(error: unknown): unknown {
  if (!(error instanceof LadingError) || error.retryable) return error;
  return registryError('registry-denied', `ECR Public gives no token (${error.code})`, {
    cause: error,
    hint: 'the caller needs ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken',
  });
}

/** A role of the configuration, with the token that it is to be taken with. */
export const toTake = ({ arn, externalId, token }: AwsRole, workload: WorkloadTokens): RoleToTake => ({
  arn,
  externalId,
  token: token === undefined ? undefined : () => workload.tokenOf(token),
});

/** The token is `AWS:<password>` in Base64. */
function readPassword(answer: unknown): { readonly password: string; readonly expiresAt: Date } {
  const parsed = answerSchema.safeParse(answer);
  const decoded = parsed.success
    ? Buffer.from(parsed.data.authorizationData.authorizationToken, 'base64').toString('latin1')
    : '';
  if (!parsed.success || !/^AWS:[\x21-\x7e]+$/.test(decoded)) {
    throw registryError('registry-protocol', 'ECR Public answered without a usable authorization token');
  }
  return { password: decoded.slice(4), expiresAt: new Date(parsed.data.authorizationData.expiresAt * 1000) };
}
