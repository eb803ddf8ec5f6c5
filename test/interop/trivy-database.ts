import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An advisory in the form of Trivy's database: a bucket, and what its source says of a package. */
export interface TrivyAdvisory {
  readonly Bucket: string;
  readonly Package: string;
  readonly ID: string;
  readonly Severity: string;
  readonly Value: unknown;
}

/** Trivy downloads its database by itself; here it gets one that is made from what the test knows, in `cache`. */
export function trivyDatabase(work: string, cache: string, advisories: readonly TrivyAdvisory[]): void {
  const maker = join(work, 'maker');
  cpSync(join(import.meta.dirname, 'trivy-db'), maker, { recursive: true });
  writeFileSync(join(work, 'trivy.json'), JSON.stringify(advisories));
  const done = spawnSync('go', ['run', '.', cache, join(work, 'trivy.json')], {
    ...{ cwd: maker, encoding: 'utf8', env: { ...process.env, CGO_ENABLED: '0' } },
  });
  assert.equal(done.status, 0, `the maker of Trivy's database: ${done.stderr?.slice(-600)}`);
}
