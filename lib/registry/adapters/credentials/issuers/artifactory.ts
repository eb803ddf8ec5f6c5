import { z } from 'zod';
import type { Clock } from '../../../../core/clock.ts';
import type { IssuerConfig } from '../../../credentials/model.ts';
import type { TokenIssuer } from '../../../credentials/rotation/ports.ts';
import type { AdminApi } from './admin-api.ts';
import { labelOf, readLabel } from './labels.ts';

type Artifactory = Extract<IssuerConfig, { kind: 'artifactory' }>;

const createdSchema = z.object({
  token_id: z.string().min(1).max(255),
  access_token: z.string().regex(/^[\x21-\x7e]{1,65536}$/),
  expires_in: z.number().positive().optional(),
});
const listSchema = z.object({
  tokens: z.array(z.object({ token_id: z.string().min(1).max(255), description: z.string().nullish() })),
});
const TOKENS = '/access/api/v1/tokens';
const DAY_SECONDS = 86_400;

/** Artifactory: access tokens beside each other (Access API, "Create Token", "Get Tokens", "Revoke Token by ID"). */
export function artifactoryIssuer(
  { username, scope, days }: Artifactory,
  api: AdminApi,
  { secret, clock }: { readonly secret: string; readonly clock: Clock },
): TokenIssuer {
  return {
    async mint() {
      const now = clock.now();
      const created = await api.call(
        {
          method: 'POST',
          path: TOKENS,
          json: {
            grant_type: 'client_credentials',
            username,
            scope,
            expires_in: days * DAY_SECONDS,
            refreshable: false,
            // Else a short-lived one could not be withdrawn before its end.
            force_revocable: true,
            description: labelOf(secret, now),
          },
        },
        createdSchema,
      );
      const { token_id: id, access_token: password, expires_in: seconds = days * DAY_SECONDS } = created;
      return { id, username, password, expiresAt: new Date(now.getTime() + seconds * 1000) };
    },
    activate: async () => undefined,
    withdraw: (id) => api.remove(`${TOKENS}/${encodeURIComponent(id)}`),
    async list() {
      const { tokens } = await api.call({ method: 'GET', path: TOKENS }, listSchema);
      return tokens.flatMap(({ token_id: id, description }) => {
        const issuedAt = readLabel(description ?? '', secret);
        return issuedAt === undefined ? [] : [{ id, issuedAt }];
      });
    },
  };
}
