import { z } from 'zod';
import type { IssuerConfig } from '../../../credentials/model.ts';
import type { TokenIssuer } from '../../../credentials/rotation/ports.ts';
import { registryError } from '../../../errors.ts';
import type { AdminApi } from './admin-api.ts';
import { otherOf } from './pairs.ts';

type Harbor = Extract<IssuerConfig, { kind: 'harbor' }>;

const robotSchema = z.object({
  id: z.int().positive(),
  name: z.string().min(1).max(255),
  disable: z.boolean().optional(),
  /** Seconds since 1970; -1: never. */
  expires_at: z.number().optional(),
});

/**
 * Harbor: two robots, of which the one that is not in use gets a new secret (API 2.0, `PATCH /robots/{robot_id}`).
 * Harbor takes a secret of our choice there, so that it is written down before Harbor hears of it.
 *
 * @param randomSecret at least 8 characters with a capital, a small letter and a digit, as Harbor wants
 */
export function harborIssuer({ robots }: Harbor, api: AdminApi, randomSecret: () => string): TokenIssuer {
  const robotOf = (id: string) => api.call({ method: 'GET', path: pathOf(id) }, robotSchema);
  const setSecret = async (id: string, secret: string): Promise<void> => {
    await api.call({ method: 'PATCH', path: pathOf(id), json: { secret } }, z.unknown());
  };
  const isOurs = (id: string): boolean => robots.some((robot) => String(robot) === id);
  return {
    async mint(inUse) {
      const both = await Promise.all(robots.map(async (id) => ({ ...(await robotOf(String(id))), id: String(id) })));
      const { id, name, disable, expires_at: end } = otherOf(both, inUse, ({ name }) => name);
      if (disable) throw registryError('registry-refused', `the robot ${name} is disabled`, { hint: 'enable it' });
      return {
        id,
        username: name,
        password: randomSecret(),
        ...(end === undefined || end < 0 ? {} : { expiresAt: new Date(end * 1000) }),
      };
    },
    activate: ({ id, password }) => setSecret(requireOurs(id, isOurs), password),
    withdraw: (id) => setSecret(requireOurs(id, isOurs), randomSecret()),
    list: async () => [],
  };
}

const pathOf = (id: string): string => `/api/v2.0/robots/${encodeURIComponent(id)}`;

/** The id comes out of the secret: only the two robots of the configuration are ever touched. */
function requireOurs(id: string, isOurs: (id: string) => boolean): string {
  if (isOurs(id)) return id;
  throw registryError('registry-refused', `the robot ${id.slice(0, 80)} is none of those that the configuration names`);
}
