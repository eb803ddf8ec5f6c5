import { z } from 'zod';
import type { IssuerConfig } from '../../../credentials/model.ts';
import type { TokenIssuer } from '../../../credentials/rotation/ports.ts';
import { registryError } from '../../../errors.ts';
import type { AdminApi } from './admin-api.ts';
import { otherOf } from './pairs.ts';

type Quay = Extract<IssuerConfig, { kind: 'quay' }>;

const robotSchema = z.object({ name: z.string().min(1).max(512), token: z.string().regex(/^[\x21-\x7e]{1,4096}$/) });

/**
 * Quay: two robots of an organization, of which the one that is not in use has its token regenerated (API,
 * "regenerateOrgRobotToken"). The old token of that robot opens nothing from then on.
 */
export function quayIssuer({ organization, robots }: Quay, api: AdminApi): TokenIssuer {
  const regenerate = (robot: string) => {
    if (!(robots as readonly string[]).includes(robot)) {
      throw registryError('registry-refused', `the robot ${robot.slice(0, 80)} is none that the configuration names`);
    }
    const path = `/api/v1/organization/${organization}/robots/${encodeURIComponent(robot)}/regenerate`;
    return api.call({ method: 'POST', path }, robotSchema);
  };
  return {
    async mint(inUse) {
      const { id } = otherOf(
        robots.map((robot) => ({ id: robot as string })),
        inUse,
        (robot) => `${organization}+${robot.id}`,
      );
      const { name, token } = await regenerate(id);
      return { id, username: name, password: token };
    },
    // It was made by the call that told it.
    activate: async () => undefined,
    async withdraw(id) {
      await regenerate(id);
    },
    list: async () => [],
  };
}
