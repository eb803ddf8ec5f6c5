import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { digestOf } from '../../lib/core/digest.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { createArtifactManifest } from '../../lib/formats/oci/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../../lib/formats/sigstore-bundle/index.ts';
import { createHttpRegistry } from '../../lib/registry/adapters/http/create-http-registry.ts';
import { collectContent, type Registry } from '../../lib/registry/index.ts';
import { localSigner } from '../../lib/signing/adapters/local-signer.ts';
import { memorySignatures } from '../../lib/signing/adapters/memory-signatures.ts';
import { parseVerificationKey, signImage, verifyImage } from '../../lib/signing/index.ts';
import { newKey, pushImage } from '../lib/signing/support.ts';
import type { InteropCheck } from './interop-check.ts';

const run = promisify(execFile);
type Context = Parameters<InteropCheck['run']>[0];

const environmentOf = ({ tools }: Context) => ({
  ...process.env,
  PATH: `${tools}${delimiter}${process.env.PATH ?? ''}`,
  COSIGN_PASSWORD: '',
});

interface Bench {
  readonly registry: Registry;
  readonly key: ReturnType<typeof newKey>;
  readonly publicKeyFile: string;
  sign(subject: ImageLocation): Promise<void>;
  /** The exit code of `cosign verify --key`, and what it printed. */
  cosignVerify(subject: ImageLocation, keyFile?: string): Promise<{ readonly code: number; readonly output: string }>;
}

async function withBench<T>(context: Context, use: (bench: Bench) => Promise<T>): Promise<T> {
  const { work } = context;
  const embedded = await startEmbeddedRegistry({ directory: join(work, 'registry') });
  const host = `localhost:${embedded.port}`;
  const http = createHttpRegistry({ host, url: new URL(embedded.url), allowInsecure: true, allowPrivate: true });
  const key = newKey();
  const publicKeyFile = join(work, 'lading.pub');
  await writeFile(publicKeyFile, key.publicPem);
  const ports = { registry: http, signer: localSigner(key.pem), store: memorySignatures(), clock: systemClock };
  try {
    return await use({
      registry: http,
      key,
      publicKeyFile,
      sign: async (subject) => void (await signImage(ports, { subject, decision: 'allow' })),
      cosignVerify: (subject, keyFile = publicKeyFile) => cosignVerify(context, subject, keyFile),
    });
  } finally {
    http.close();
    await embedded.close();
  }
}

async function cosignVerify(context: Context, subject: ImageLocation, keyFile: string) {
  const image = `${subject.registry}/${subject.repository}@${subject.digest}`;
  const insecure = ['--insecure-ignore-tlog=true', '--allow-insecure-registry', '--allow-http-registry'];
  try {
    const { stdout } = await run('cosign', ['verify', '--key', keyFile, ...insecure, image], {
      env: environmentOf(context),
    });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stderr ?? '' };
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected: ${what}`);
}

/** Attaches a bundle to an image that it may know nothing of, as anyone who can push may do. */
async function attachBundle(registry: Registry, subject: ImageLocation, bundle: Uint8Array): Promise<void> {
  const { repository } = subject;
  const image = await registry.headManifest({ repository, reference: subject.digest });
  if (image === undefined) throw new Error('the image is not there');
  const layer = { mediaType: SIGSTORE_BUNDLE_V03, digest: digestOf(bundle), size: bundle.length };
  const annotations = {
    'dev.sigstore.bundle.content': 'dsse-envelope',
    'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1',
  };
  const manifest = createArtifactManifest({
    artifactType: SIGSTORE_BUNDLE_V03,
    layers: [layer],
    subject: image,
    annotations,
  });
  await registry.putBlob({ repository, digest: layer.digest, size: layer.size, content: bundle });
  await registry.attachReferrer({ repository, mediaType: manifest.mediaType, bytes: manifest.bytes });
}

async function bundleOf(registry: Registry, subject: ImageLocation): Promise<Uint8Array> {
  const { repository, digest } = subject;
  const { descriptors } = await registry.listReferrers({ repository, digest });
  const manifest = await registry.getManifest({ repository, reference: descriptors[0]?.digest ?? '' });
  const { layers } = JSON.parse(Buffer.from(manifest?.bytes ?? '{}').toString('utf8')) as {
    layers: { digest: typeof digest }[];
  };
  const [layer] = layers;
  if (layer === undefined) throw new Error('the signature has no bundle');
  return collectContent(registry.openBlob({ repository, digest: layer.digest }), 1 << 20);
}

const oursToCosign = (context: Context): Promise<string> =>
  withBench(context, async ({ registry, sign, cosignVerify: verify }) => {
    const image = await pushImage(registry, 'team/app');
    const unsigned = await verify(image);
    expect(unsigned.code !== 0, 'cosign verify fails on an unsigned image');
    await sign(image);
    await sign(image);
    const signed = await verify(image);
    expect(signed.code === 0, `cosign verify accepts our signature, but: ${signed.output}`);
    expect(signed.output.includes(image.digest), 'cosign reports the digest that was signed');
    const { descriptors } = await registry.listReferrers(image);
    expect(descriptors.length === 1, 'signing twice leaves one signature');
    return `cosign verify: unsigned exits ${unsigned.code}, signed twice exits 0 with one referrer`;
  });

const movedBundle = (context: Context): Promise<string> =>
  withBench(context, async ({ registry, key, sign, cosignVerify: verify }) => {
    const image = await pushImage(registry, 'team/app');
    const victim = await pushImage(registry, 'team/app', 'another layer');
    await sign(image);
    await attachBundle(registry, victim, await bundleOf(registry, image));
    const { code } = await verify(victim);
    expect(code !== 0, 'cosign refuses a bundle that was moved to another image');
    const ours = await verifyImage(registry, victim, [parseVerificationKey(key.publicPem)]);
    expect(ours.kind === 'not-verified', `we refuse it too, not ${ours.kind}`);
    return `a moved bundle: cosign exits ${code}, we say ${ours.kind}`;
  });

const besideGarbage = (context: Context): Promise<string> =>
  withBench(context, async ({ registry, key, sign, cosignVerify: verify }) => {
    const image = await pushImage(registry, 'team/app');
    await attachBundle(registry, image, new TextEncoder().encode('{"garbage":true}'));
    await sign(image);
    const theirs = await verify(image);
    expect(theirs.code === 0, `cosign is not misled by garbage: ${theirs.output}`);
    const ours = await verifyImage(registry, image, [parseVerificationKey(key.publicPem)]);
    expect(ours.kind === 'verified', `neither are we: ${ours.kind}`);
    return 'garbage beside our signature: cosign exits 0, we say verified';
  });

const cosignToOurs = (context: Context): Promise<string> =>
  withBench(context, async ({ registry, key }) => {
    const image = await pushImage(registry, 'team/app');
    const reference = `${image.registry}/${image.repository}@${image.digest}`;
    await run('cosign', ['generate-key-pair', '--output-key-prefix', join(context.work, 'theirs')], {
      env: environmentOf(context),
    });
    const offline = [
      '--tlog-upload=false',
      '--use-signing-config=false',
      '--allow-insecure-registry',
      '--allow-http-registry',
    ];
    await run('cosign', ['sign', '--key', join(context.work, 'theirs.key'), ...offline, '-y', reference], {
      env: environmentOf(context),
    });
    const theirs = parseVerificationKey(await readFile(join(context.work, 'theirs.pub'), 'utf8'));
    const good = await verifyImage(registry, image, [theirs]);
    expect(good.kind === 'verified', `we verify what cosign signed: ${JSON.stringify(good)}`);
    const bad = await verifyImage(registry, image, [parseVerificationKey(key.publicPem)]);
    expect(bad.kind === 'not-verified', `but not with another key: ${bad.kind}`);
    const another = await pushImage(registry, 'team/app', 'another layer');
    const unsigned = await verifyImage(registry, another, [theirs]);
    expect(unsigned.kind === 'unsigned', `nor an unsigned image: ${unsigned.kind}`);
    return 'what cosign signed verifies here with its key and with no other';
  });

const check = (name: string, run: InteropCheck['run']): InteropCheck => ({ name, needs: ['cosign'], run });

export const checks: readonly InteropCheck[] = [
  check('signing: cosign verifies what we signed', oursToCosign),
  check('signing: a bundle moved to another image convinces nobody', movedBundle),
  check('signing: garbage beside a signature harms nobody', besideGarbage),
  check('signing: we verify what cosign signed', cosignToOurs),
];
