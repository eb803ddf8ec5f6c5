import { z } from 'zod';
import type { Clock } from '../../../../core/clock.ts';
import type { IssuerConfig } from '../../../credentials/model.ts';
import type { TokenIssuer } from '../../../credentials/rotation/ports.ts';
import type { AdminApi } from './admin-api.ts';
import { labelOf, readLabel } from './labels.ts';

type Gitlab = Extract<IssuerConfig, { kind: 'gitlab' }>;

const tokenSchema = z.object({ id: z.int().positive(), name: z.string() });
const createdSchema = tokenSchema.extend({
  username: z.string().min(1).max(255),
  token: z.string().regex(/^[\x21-\x7e]{1,4096}$/),
  expires_at: z.iso.datetime({ offset: true }).nullish(),
});
const PAGE = 100;
const MOST_PAGES = 20;

/** GitLab: deploy tokens of a project or group beside each other ("Deploy tokens API"). */
export function gitlabIssuer(
  { owner, scopes, days }: Gitlab,
  api: AdminApi,
  { secret, clock }: { readonly secret: string; readonly clock: Clock },
): TokenIssuer {
  const [kind, name] = 'project' in owner ? ['projects', owner.project] : ['groups', owner.group];
  const path = `/api/v4/${kind}/${encodeURIComponent(name)}/deploy_tokens`;
  return {
    async mint() {
      const now = clock.now();
      const end = new Date(now.getTime() + days * 86_400_000);
      const json = { name: labelOf(secret, now), expires_at: end.toISOString(), scopes };
      const created = await api.call({ method: 'POST', path, json }, createdSchema);
      return {
        id: String(created.id),
        username: created.username,
        password: created.token,
        expiresAt: created.expires_at ? new Date(created.expires_at) : end,
      };
    },
    activate: async () => undefined,
    withdraw: (id) => api.remove(`${path}/${encodeURIComponent(id)}`),
    async list() {
      const found: { id: string; issuedAt: Date }[] = [];
      for (let page = 1; page <= MOST_PAGES; page++) {
        const query = `?active=true&per_page=${PAGE}&page=${page}`;
        const tokens = await api.call({ method: 'GET', path: `${path}${query}` }, z.array(tokenSchema));
        for (const token of tokens) {
          const issuedAt = readLabel(token.name, secret);
          if (issuedAt !== undefined) found.push({ id: String(token.id), issuedAt });
        }
        if (tokens.length < PAGE) break;
      }
      return found;
    },
  };
}
