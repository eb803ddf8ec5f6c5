import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const entry = z.looseObject({
  resolved: z.unknown().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lock = z.object({ packages: z.record(z.string(), entry) });

describe.each(['package-lock.json', 'infra/local/sample/app/package-lock.json'])('%s', (file) => {
  const { packages } = lock.parse(JSON.parse(readFileSync(join(import.meta.dirname, '..', file), 'utf8')));

  it('holds no download addresses', () => {
    expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it('knows the packages of every platform, without which npm ci refuses it (infra/launch/complete-lockfile.ts)', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      path === ''
        ? []
        : Object.keys(optionalDependencies).filter(
            (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
          ),
    );
    expect(missing).toEqual([]);
  });
});
