import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { describeError } from '../core/errors.ts';
import { compileGlobs } from '../core/glob.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { blobsOf, parseManifest } from '../formats/oci/index.ts';
import type { Registry, RegistryReader } from '../registry/index.ts';
import { checkRestored } from './check-restored.ts';
import type { Fault, StoredSnapshot } from './model.ts';
import { readIndex } from './read-index.ts';
import { type RestoreCounts, restoreSnapshot } from './restore-snapshot.ts';
import { vaultRepository } from './take-snapshot.ts';

export interface DrillPorts {
  readonly vault: RegistryReader;
  /** Empty, and thrown away afterwards. */
  readonly target: Registry;
  readonly clock: Clock;
  /** Whether an image of the restored registry is signed by a key that is trusted. */
  readonly judge: (
    image: ImageLocation,
  ) => Promise<{ readonly kind: 'verified' | 'unsigned' | 'refused'; readonly detail: string }>;
  readonly onProgress?: (text: string) => void;
}

export interface DrillRequest {
  /** Globs of repositories. */
  readonly repositories: readonly string[];
  /** Pulled like a runtime would, last of all. @default the first image that has a tag */
  readonly canary?: { readonly repository: string; readonly reference: string };
  /** Whether every image must be signed. */
  readonly requireSignatures: boolean;
}

export interface DrillReport {
  readonly passed: boolean;
  readonly snapshot: { readonly key: string; readonly digest: Digest; readonly registry: string };
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Recovery point: what was pushed in the seconds before the drill would have been lost. */
  readonly recoveryPointSeconds: number;
  /** Recovery time: seconds until everything was back, checked, and the canary pulled. */
  readonly recoveryTimeSeconds: number;
  readonly restored: RestoreCounts;
  readonly checked: { readonly manifests: number; readonly blobs: number; readonly bytes: number };
  readonly signatures: { readonly verified: number; readonly unsigned: number; readonly refused: number };
  readonly canary?: { readonly image: string; readonly bytes: number };
  readonly faults: readonly Fault[];
}

/**
 * Shows that a backup can be come back from: restores it into an empty registry, reads everything back, verifies the
 * signatures, and pulls an image. Whatever is wrong is named; nothing is hidden by what went well.
 */
export async function runDrill(ports: DrillPorts, stored: StoredSnapshot, request: DrillRequest): Promise<DrillReport> {
  const { vault, target, clock, onProgress = () => undefined } = ports;
  const { snapshot } = stored;
  const started = clock.now();
  const faults: Fault[] = [];
  const isWanted = compileGlobs(request.repositories);
  const wanted = snapshot.repositories.filter(({ name }) => isWanted(name));
  // What the backup never had is as lost as what it lost.
  for (const { name, faults: own } of wanted) {
    faults.push(
      ...own.map(({ digest, why }) => ({ repository: name, part: digest, why: `not in the backup: ${why}` })),
    );
  }
  for (const { name, why } of snapshot.unread.filter((one) => isWanted(one.name))) {
    faults.push({ repository: name, part: name, why: `not in the backup: ${why}` });
  }
  if (wanted.length === 0)
    faults.push({
      repository: request.repositories.join(' '),
      part: stored.key,
      why: 'the snapshot has no such repository',
    });
  const {
    faults: lost,
    tagsLeft: _left,
    ...restored
  } = await restoreSnapshot({ vault, target, onProgress: (name) => onProgress(`restored ${name}`) }, snapshot, request);
  faults.push(...lost);
  const checked = { manifests: 0, blobs: 0, bytes: 0 };
  const signatures = { verified: 0, unsigned: 0, refused: 0 };
  let canary: Pick<DrillReport, 'canary'> = {};
  let candidate = request.canary;
  for (const repository of wanted) {
    const content = await readIndex(vault, vaultRepository(snapshot.registry, repository.name), repository).catch(
      () => undefined,
    );
    // Told by the restoration.
    if (!content) continue;
    const counts = await checkRestored(target, repository, content, faults);
    checked.manifests += counts.manifests;
    checked.blobs += counts.blobs;
    checked.bytes += counts.bytes;
    onProgress(`checked ${repository.name}: ${counts.manifests} manifests, ${counts.blobs} blobs`);
    for (const [digest, { role }] of content.manifests) {
      if (role !== 'root') continue;
      const image = { registry: target.host, repository: repository.name, digest };
      const verdict = await ports
        .judge(image)
        .catch((error: unknown) => ({ kind: 'refused' as const, detail: describeError(error) }));
      signatures[verdict.kind]++;
      const isFault = verdict.kind === 'refused' || (verdict.kind === 'unsigned' && request.requireSignatures);
      if (isFault) faults.push({ repository: repository.name, part: digest, why: `its signature: ${verdict.detail}` });
    }
    const [tag] = content.tags.keys();
    candidate ??= tag === undefined ? undefined : { repository: repository.name, reference: tag };
  }
  if (candidate) {
    try {
      const bytes = await pull(target, candidate);
      canary = { canary: { image: `${candidate.repository}:${candidate.reference}`, bytes } };
    } catch (error) {
      faults.push({
        repository: candidate.repository,
        part: candidate.reference,
        why: `the canary: ${describeError(error)}`,
      });
    }
  }
  const finished = clock.now();
  const seconds = (from: number, to: number): number => Math.round((to - from) / 10) / 100;
  return {
    passed: faults.length === 0,
    snapshot: { key: stored.key, digest: stored.digest, registry: snapshot.registry },
    startedAt: started.toISOString(),
    finishedAt: finished.toISOString(),
    recoveryPointSeconds: Math.max(0, seconds(Date.parse(snapshot.startedAt), started.getTime())),
    recoveryTimeSeconds: seconds(started.getTime(), finished.getTime()),
    restored,
    checked,
    signatures,
    ...canary,
    faults,
  };
}

const MAX_DEPTH = 3;

/** Reads an image as a runtime does: manifest, of an index the first image, and every blob to its last byte. */
async function pull(
  registry: RegistryReader,
  at: { readonly repository: string; readonly reference: string },
  depth = 0,
): Promise<number> {
  const found = await registry.getManifest(at);
  if (!found) throw new Error(`${at.reference} is not there`);
  const manifest = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
  let bytes = found.bytes.length;
  if (manifest.kind === 'index') {
    const [first] = manifest.manifests;
    if (!first || depth >= MAX_DEPTH) return bytes;
    return bytes + (await pull(registry, { repository: at.repository, reference: first.digest }, depth + 1));
  }
  for (const { digest, size } of blobsOf(manifest)) {
    for await (const chunk of registry.openBlob({ repository: at.repository, digest, size })) bytes += chunk.length;
  }
  return bytes;
}
