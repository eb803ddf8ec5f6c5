import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import { registryContract } from '../../contract/registry.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'lading-layout-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const freshLayout = () => openOciLayout({ directory: join(folder, String(count++)), create: true });

describe('an OCI layout', () => {
  const has = { referrersApi: true, deleteTag: true, repositories: false, strictParts: true };
  registryContract(async () => ({ registry: await freshLayout(), repository: () => LAYOUT_REPOSITORY, has }), has);
});
