import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { mapLimit } from '../../core/concurrency.ts';
import { type Digest, shortDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { isRepositoryName, parseImageReference } from '../../core/image-reference.ts';
import type { Registry } from '../../registry/index.ts';
import {
  fetchMaterial,
  type MigrationRow,
  planMigration,
  pushRecorded,
  targetDigest,
  verifyTrustData,
} from '../../signing/index.ts';
import { fromCaller, localStack } from '../connection.ts';
import { defuse, paint, printJson, say } from '../output.ts';
import { namedRegistries } from '../source/registries.ts';
import { printTable } from '../table.ts';
import { openMaker } from './makers.ts';
import type { SigningInput } from './open-signer.ts';
import type { TargetOptions } from './open-target.ts';
import { readFolder, seenVersions } from './trust-files.ts';

interface Options extends SigningInput, TargetOptions {
  readonly trustData?: string | undefined;
  readonly name?: string | undefined;
  readonly rootKey?: readonly string[] | undefined;
  readonly sign?: boolean | undefined;
  readonly output: 'table' | 'json';
}

const PARALLEL = 4;

/**
 * Verifies what Docker Content Trust signed of a repository and says of every tag what is to be done; signs what can be
 * signed where that is asked. Answers whether nothing is left to do.
 */
export async function runMigrate(text: string, options: Options): Promise<boolean> {
  const { registry: host, repository } = parseRepository(text);
  const gun = options.name ?? `${host}/${repository}`;
  const folder = options.trustData ?? join(homedir(), '.docker', 'trust', 'tuf', gun, 'metadata');
  const files = await readFolder(fromCaller(folder));
  const store = seenVersions();
  const id = `notary-${Buffer.from(gun).toString('hex').slice(0, 200)}`;
  const seen = await store.load(id);
  const verdict = verifyTrustData(
    {
      dialect: 'notary',
      files,
      ...(options.rootKey === undefined ? {} : { pinnedRootKeys: options.rootKey }),
      ...(seen === undefined ? {} : { seen }),
    },
    systemClock.now(),
  );
  if (verdict.kind === 'invalid') {
    const { reason, file, detail } = verdict;
    throw new LadingError('trust-data-refused', `the trust data of ${gun} are refused: ${reason}: ${file}: ${detail}`);
  }
  await store.save(id, verdict.versions);
  if (verdict.root === 'first-use') {
    say(`${paint('yellow', 'note', process.stderr)}: the root is trusted because it is there; pin it with --root-key`);
  }
  const registry = await namedRegistries({ stack: localStack(options.data), plainHttp: options.plainHttp }).open(host);
  const rows = (
    await mapLimit(verdict.targets, PARALLEL, async (target) => {
      const digest = targetDigest(target);
      if (digest === undefined) return [];
      return [planMigration(target, digest, await stateOf(registry, repository, target.name, digest))];
    })
  ).flat();
  const signed = options.sign ? await signAll(registry, repository, rows, options) : new Set<Digest>();
  const after = rows.map((row) =>
    signed.has(row.digest) && row.step === 'sign' ? { ...row, step: 'done' as const } : row,
  );
  print(gun, verdict.expires, after, options.output);
  return after.every(({ step }) => step === 'done' || step === 'gone');
}

function parseRepository(text: string): { readonly registry: string; readonly repository: string } {
  const { registry, repository, tag, digest } = parseImageReference(text);
  if (tag === undefined && digest === undefined && isRepositoryName(repository)) return { registry, repository };
  throw new LadingError('reference-invalid', 'name a repository, without tag or digest');
}

async function stateOf(registry: Registry, repository: string, tag: string, digest: Digest) {
  const [current, there] = await Promise.all([
    registry.headManifest({ repository, reference: tag }),
    registry.headManifest({ repository, reference: digest }),
  ]);
  const material = there && (await fetchMaterial(registry, { registry: registry.host, repository, digest }));
  const isSigned = (material?.artifacts ?? []).some(({ purpose }) => purpose !== 'attestation');
  return { current: current?.digest, isThere: there !== undefined, isSigned };
}

async function signAll(
  registry: Registry,
  repository: string,
  rows: readonly MigrationRow[],
  options: Options,
): Promise<ReadonlySet<Digest>> {
  const digests = new Set(rows.filter(({ step }) => step === 'sign').map(({ digest }) => digest));
  if (digests.size === 0) return digests;
  const maker = await openMaker(options);
  for (const digest of digests) {
    const descriptor = await registry.headManifest({ repository, reference: digest });
    if (descriptor === undefined) continue;
    const image = { registry: registry.host, repository, digest };
    await pushRecorded(registry, await maker.sign({ registry, image, descriptor }, systemClock.now()));
  }
  return digests;
}

function print(gun: string, expires: Date, rows: readonly MigrationRow[], output: Options['output']): void {
  if (output === 'json') {
    printJson({ name: gun, expires: expires.toISOString(), tags: rows });
    return;
  }
  say(`the trust data of ${defuse(gun)} are good until ${expires.toISOString()}`);
  printTable(
    ['TAG', 'SIGNED', 'NOW', 'ROLE', 'BY', 'TO DO'],
    rows.map(({ tag, digest, current, role, signedBy, step }) => [
      tag,
      shortDigest(digest),
      current === undefined ? '-' : shortDigest(current),
      role,
      signedBy.map((id) => id.slice(0, 12)).join(', '),
      step,
    ]),
  );
}
