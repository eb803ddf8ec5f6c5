import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { manualClock } from '../../lib/core/clock.ts';
import { memoryCatalog } from '../../lib/inventory/adapters/memory-catalog.ts';
import { memoryRetention } from '../../lib/lifecycle/adapters/memory-retention.ts';
import { archiveGraph, restoreImage } from '../../lib/lifecycle/index.ts';
import { createHttpRegistry } from '../../lib/registry/adapters/http/create-http-registry.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../lib/registry/adapters/oci-layout.ts';
import { type Registry, subjectOfTag, walkClosedGraph } from '../../lib/registry/index.ts';
import { copyGraph } from '../../lib/replication/index.ts';
import { makeSigner, openArchiveBucket, PREDICATE, signEverything, unverified } from '../support/signed-corpus.ts';
import type { InteropCheck } from './interop-check.ts';

type Context = Parameters<InteropCheck['run']>[0];
const insecure = ['--insecure-ignore-tlog=true', '--allow-insecure-registry', '--allow-http-registry'];
const tagStyle = ['--new-bundle-format=false'];

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected: ${what}`);
}

async function call({ work, tools }: Context, program: string, args: readonly string[]): Promise<string | undefined> {
  const path = `${tools}${delimiter}${process.env.PATH ?? ''}`;
  try {
    await promisify(execFile)(program, args, { env: { ...process.env, PATH: path, COSIGN_PASSWORD: '', HOME: work } });
    return undefined;
  } catch (error) {
    const { code, stdout, stderr } = error as ExecFileException;
    if (typeof code !== 'number') throw error;
    return `${program} ${args[0]}: ${stdout ?? ''}${stderr ?? ''}`;
  }
}

/** Deletes what a graph consists of, the root first, until the disk of the registry holds none of it. */
async function deleteAll(registry: Registry, repository: string, root: string): Promise<void> {
  const graph = await walkClosedGraph(registry, { repository, digest: root as `sha256:${string}` });
  // Children come before what lists them.
  for (const { manifest } of [...(graph?.nodes ?? [])].reverse())
    await registry.deleteManifest({ repository, digest: manifest.digest });
}

/** Every image of the corpus: signed, archived, packed, deleted to the last byte, restored, and then asked of others. */
async function restored(context: Context): Promise<string> {
  const images = join(process.env.LADING_CORPORA ?? '', 'images');
  if (!process.env.LADING_CORPORA || !existsSync(join(images, 'index.json')))
    return 'not run: LADING_CORPORA names no folder with images';
  const layout = await openOciLayout({ directory: images });
  const embedded = await startEmbeddedRegistry({ directory: join(context.work, 'registry') });
  const host = `localhost:${embedded.port}`;
  const registry = createHttpRegistry({ host, url: new URL(embedded.url), allowInsecure: true, allowPrivate: true });
  const bucket = await openArchiveBucket();
  const by = makeSigner();
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(context.work, name), content);
    return join(context.work, name);
  };
  const key = await file('ours.pub', by.publicPem);
  const policy = await file('trustpolicy.json', JSON.stringify(by.policy));
  const root = await file('root.pem', by.authority.pem);
  const clock = manualClock('2026-06-01T00:00:00.000Z');
  let count = 0;
  try {
    for await (const tag of layout.listTags(LAYOUT_REPOSITORY)) {
      const head = await layout.headManifest({ repository: LAYOUT_REPOSITORY, reference: tag });
      const graph = head && (await walkClosedGraph(layout, { repository: LAYOUT_REPOSITORY, digest: head.digest }));
      if (!head || !graph || subjectOfTag(tag)) continue;
      const of = { registry: host, repository: `corpus/${tag.toLowerCase()}` };
      const { digest, mediaType } = head;
      await copyGraph({ source: layout, target: registry, from: LAYOUT_REPOSITORY, repository: of.repository }, graph);
      await signEverything(registry, { ...of, digest }, by);
      const doomed = { root: digest, mediaType, tags: [], partTags: [], why: 'cold', deletes: [digest] };
      const archived = await archiveGraph({ registry, ...bucket }, of, { ...doomed, action: 'archive' });
      expect(archived.kind === 'archived', `${tag} is archived: ${JSON.stringify(archived)}`);
      await deleteAll(registry, of.repository, digest);
      await embedded.store.collectGarbage({ graceMs: 0 });
      expect(embedded.store.diskUsage().bytes === 0, `nothing of ${tag} is left on the disk`);
      const ports = { leases: memoryRetention(clock), clock, catalog: memoryCatalog(clock) };
      await restoreImage(
        { registry, archive: bucket.archive, ...ports },
        { ...of, reference: digest, reason: 'asked' },
      );
      const reference = `${host}/${of.repository}@${digest}`;
      const attested = ['verify-attestation', '--key', key, '--type', PREDICATE, ...insecure];
      const failures = [
        ...(await unverified(registry, { ...of, digest }, by)),
        await call(context, 'cosign', ['verify', '--key', key, ...insecure, reference]),
        await call(context, 'cosign', ['verify', '--key', key, ...tagStyle, ...insecure, reference]),
        await call(context, 'cosign', [...attested, reference]),
        await call(context, 'cosign', [...attested, ...tagStyle, reference]),
        await call(context, 'notation-check', ['verify', reference, policy, root]),
      ].filter((one) => one !== undefined);
      expect(failures.length === 0, `${tag} verifies after its restore: ${failures.join('\n')}`);
      await deleteAll(registry, of.repository, digest);
      await embedded.store.collectGarbage({ graceMs: 0 });
      count++;
    }
  } finally {
    await bucket.close();
    registry.close();
    await embedded.close();
  }
  const { packed, kept } = bucket.outcomes;
  return `${count} images, ${packed} of ${packed + kept} blobs packed: cosign (bundle and tag), its attestations and notation-go verify them after their restore`;
}

export const checks: readonly InteropCheck[] = [
  {
    name: 'archive: what was deleted and restored verifies elsewhere',
    needs: ['cosign', 'notation-check'],
    run: restored,
  },
];
