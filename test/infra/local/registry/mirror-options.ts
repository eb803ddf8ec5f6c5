import type { MirrorOptions } from '../../../../infra/local/registry/mirror/mirror.ts';
import { mirrorRuleSchema } from '../../../../lib/mirror/config.ts';
import { createRegistries } from '../../../../lib/registry/adapters/open-registries.ts';

/** Everything below `up` comes from the address, and nothing is held. */
export const mirrorOptions = (url: string): MirrorOptions => ({
  rules: [
    mirrorRuleSchema.parse({ prefix: 'up', upstream: 'upstream.example', where: 'edge', quarantine: { until: 'off' } }),
  ],
  registries: createRegistries(
    { entries: [{ kind: 'distribution', host: 'upstream.example', url, allowInsecure: true, allowPrivate: true }] },
    { retry: { attempts: 1 } },
  ),
  gate: { decisionOn: async () => ({ decision: 'pending' }) },
});
