import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DrillReport, type RestoreReport, restoreSnapshot, runDrill, signDrill } from '../../backup/index.ts';
import { systemClock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { createLayoutFolder } from '../../registry/adapters/layout-folder.ts';
import type { Registry } from '../../registry/index.ts';
import { parseVerificationKey, verifyImage } from '../../signing/index.ts';
import { fromCaller } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, paint, printJson, say } from '../output.ts';
import { createProgress } from '../progress.ts';
import { readText } from '../read-file.ts';
import { namedRegistries } from '../source/registries.ts';
import { printTable } from '../table.ts';
import { openSigner } from '../trust/open-signer.ts';
import { chooseSnapshot, openVault, type Vault, type VaultOptions } from './open-vault.ts';

interface Common extends VaultOptions {
  readonly registry?: string | undefined;
  readonly snapshot?: string | undefined;
  readonly repositories: readonly string[];
  readonly plainHttp?: boolean | undefined;
  readonly output: 'table' | 'json';
}

export async function runSnapshots(options: VaultOptions & Pick<Common, 'registry' | 'output'>): Promise<void> {
  const { snapshots } = openVault(options);
  const keys = await snapshots.list(options.registry);
  const all = await Promise.all(keys.map((key) => snapshots.load(key)));
  if (options.output === 'json')
    return printJson(all.map(({ key, digest, snapshot }) => ({ key, digest, ...snapshot })));
  printTable(
    ['SNAPSHOT', 'REGISTRY', 'REPOSITORIES', 'MANIFESTS', 'SIZE', 'FAULTS'],
    all.map(({ key, snapshot: { registry, repositories, unread } }) => [
      key,
      registry,
      String(repositories.length),
      String(repositories.reduce((sum, { manifests }) => sum + manifests, 0)),
      formatBytes(repositories.reduce((sum, { bytes }) => sum + bytes, 0)),
      String(repositories.reduce((sum, { faults }) => sum + faults.length, unread.length)),
    ]),
  );
}

export async function runRestore(
  options: Common & { readonly to: string; readonly reference?: string | undefined },
): Promise<void> {
  const opened = openVault(options);
  const { key, snapshot } = await chooseSnapshot(opened.snapshots, options);
  const target = await openTarget(options.to, opened, options);
  const progress = createProgress(process.stderr);
  const { repositories, reference } = options;
  const report = await restoreSnapshot(
    { vault: opened.vault, target, onProgress: (name) => progress.show(`restored ${name}`) },
    snapshot,
    { repositories, ...(reference === undefined ? {} : { reference }) },
  );
  progress.clear();
  if (report.images === 0 && report.faults.length === 0) {
    throw new LadingError('nothing-to-restore', `${key} holds nothing of that name`, {
      hint: '"lading dr snapshots -o json" shows what is in it',
    });
  }
  if (report.faults.length > 0) answerNo();
  if (options.output === 'json') return printJson({ snapshot: key, ...report });
  printRestore(key, report);
}

function printRestore(key: string, { images, repositories, tags, bytesMoved, faults, tagsLeft }: RestoreReport): void {
  process.stdout.write(
    `${plural(images, 'image')} of ${repositories} repositories are back, with ${plural(tags, 'tag')} (${formatBytes(bytesMoved)} moved), as of ${defuse(key)}\n`,
  );
  for (const { repository, tag } of tagsLeft)
    say(defuse(`${repository}:${tag} names something else by now and is left`));
  printFaults(faults);
}

const printFaults = (faults: RestoreReport['faults']): void => {
  for (const { repository, part, why } of faults)
    say(`${paint('red', 'fault', process.stderr)} ${defuse(`${repository} ${part}: ${why}`)}`);
};

export interface DrillOptions extends Common {
  readonly to?: string | undefined;
  readonly canary?: string | undefined;
  readonly publicKey?: string | undefined;
  readonly requireSignatures?: true | undefined;
  readonly attestation?: string | undefined;
  readonly key?: string | undefined;
}

export async function runDrillCommand(options: DrillOptions): Promise<void> {
  const opened = openVault(options);
  const stored = await chooseSnapshot(opened.snapshots, options);
  const keys = options.publicKey === undefined ? undefined : [parseVerificationKey(await readText(options.publicKey))];
  if (options.requireSignatures && !keys) {
    throw new LadingError('key-missing', 'signatures are verified by a key', {
      hint: 'name it with --public-key: "lading key export" prints that of a stack',
    });
  }
  const scratch = options.to === undefined ? await mkdtemp(join(tmpdir(), 'lading-drill-')) : undefined;
  const progress = createProgress(process.stderr);
  try {
    const target =
      scratch === undefined
        ? await emptyTarget(options.to ?? '', opened, options)
        : createLayoutFolder(scratch, 'drill');
    const report = await runDrill(
      {
        ...{ vault: opened.vault, target, clock: systemClock },
        onProgress: (text) => progress.show(text),
        judge: async (image) => {
          if (!keys) return { kind: 'unsigned', detail: 'nothing was verified: no key was named' };
          const verdict = await verifyImage(target, image, keys);
          if (verdict.kind === 'verified') return { kind: 'verified', detail: verdict.keyId };
          return { kind: verdict.kind === 'unsigned' ? 'unsigned' : 'refused', detail: verdict.kind };
        },
      },
      stored,
      {
        repositories: options.repositories,
        requireSignatures: options.requireSignatures === true,
        ...(options.canary === undefined ? {} : { canary: splitCanary(options.canary) }),
      },
    );
    progress.clear();
    if (options.attestation !== undefined) {
      const signer = await openSigner({ key: options.key, format: 'cosign-bundle', data: options.data });
      await writeFile(fromCaller(options.attestation), await signDrill(signer, report));
      say(`wrote ${options.attestation}`);
    }
    if (!report.passed) answerNo();
    if (options.output === 'json') return printJson(report);
    printDrill(report, keys !== undefined);
  } finally {
    progress.clear();
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}

function printDrill(
  { passed, snapshot, restored, checked, signatures, canary, ...report }: DrillReport,
  judged: boolean,
): void {
  const line = (name: string, text: string): void => void process.stdout.write(`${name.padEnd(15)}${defuse(text)}\n`);
  line('drill', passed ? paint('green', 'passed') : paint('red', `failed: ${plural(report.faults.length, 'fault')}`));
  line('snapshot', `${snapshot.key} (${snapshot.digest})`);
  line('recovery point', `${report.recoveryPointSeconds} s before the drill`);
  line('recovery time', `${report.recoveryTimeSeconds} s until all was back, read and checked`);
  line(
    'restored',
    `${plural(restored.images, 'image')}, ${plural(restored.tags, 'tag')}, ${formatBytes(restored.bytesMoved)}`,
  );
  line(
    'checked',
    `${checked.manifests} manifests, ${checked.blobs} blobs, ${formatBytes(checked.bytes)} read and hashed`,
  );
  line(
    'signatures',
    judged
      ? `${signatures.verified} verified, ${signatures.unsigned} unsigned, ${signatures.refused} refused`
      : 'not verified: name a key with --public-key',
  );
  if (canary) line('canary', `${canary.image} pulled, ${formatBytes(canary.bytes)}`);
  printFaults(report.faults);
}

function splitCanary(text: string): { readonly repository: string; readonly reference: string } {
  const at = text.includes('@') ? text.indexOf('@') : text.lastIndexOf(':');
  if (at < 1) throw new LadingError('canary-invalid', `"${text}" is not REPOSITORY:TAG or REPOSITORY@sha256:…`);
  return { repository: text.slice(0, at), reference: text.slice(at + 1) };
}

const openTarget = (host: string, { stack }: Vault, { plainHttp }: Pick<Common, 'plainHttp'>): Promise<Registry> =>
  namedRegistries({ stack, plainHttp }).open(host);

/** A drill in a registry that holds something would prove nothing, and might harm it. */
async function emptyTarget(host: string, vault: Vault, options: Common): Promise<Registry> {
  const target = await openTarget(host, vault, options);
  for await (const name of target.listRepositories()) {
    for await (const tag of target.listTags(name)) {
      throw new LadingError('registry-not-empty', `${host} holds ${name}:${tag}: a drill wants an empty registry`, {
        hint: 'without --to, the drill restores into a temporary folder',
      });
    }
  }
  return target;
}
