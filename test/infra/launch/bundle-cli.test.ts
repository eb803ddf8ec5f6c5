import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alpineFiles, lading, layoutIn, temporaryFolder } from '../../lib/cli/support.ts';

describe('the bundle of `lading sbom`', () => {
  it('does what the sources do, and says what it was made of', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    await image(alpineFiles({ musl: '1.2.5-r0' }), { tag: 'alpine:3.20' });
    const bundle = join(folder, 'bundle');
    execFileSync(process.execPath, ['infra/launch/bundle-cli.ts', bundle]);
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(bundle, 'start-sbom.cjs'), 'sbom', ...args], {
        encoding: 'utf8',
        env: { ...process.env, LADING_CWD: folder, XDG_CACHE_HOME: join(folder, 'cache') },
      });
    const expected = await lading(['sbom', 'oci:images'], folder);
    expect(run('oci:images')).toMatchObject({ status: 0, stdout: expected.out, stderr: expected.err });
    expect(run('oci:nowhere')).toMatchObject({ status: 2, stderr: expect.stringContaining('error') });
    const inputs: [string, number, number][] = JSON.parse(readFileSync(join(bundle, 'sbom-inputs.json'), 'utf8'));
    expect(inputs.map(([file]) => file)).toEqual(
      expect.arrayContaining(['lib/sbom/create-sbom.ts', 'lib/sbom/catalogers/apk/cataloger.ts', 'package-lock.json']),
    );
  }, 60_000);
});
