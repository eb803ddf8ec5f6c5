import { describe } from 'vitest';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { registryContract } from '../../contract/registry.contract.ts';

let count = 0;
const repository = () => `team/app-${count++}`;

for (const referrersApi of [true, false]) {
  describe(`registry in memory, ${referrersApi ? 'with' : 'without'} referrers API`, () => {
    const registry = createMemoryRegistry({ referrersApi });
    const has = { referrersApi, deleteTag: true, repositories: true, strictParts: true };
    registryContract(() => ({ registry, repository, has }), has);
  });
}
