import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { attestImage, predicateTypes } from '../../lib/attestation/index.ts';
import { preAuthEncoding } from '../../lib/formats/dsse/index.ts';
import { parseSigstoreBundle } from '../../lib/formats/sigstore-bundle/index.ts';
import { createHttpRegistry } from '../../lib/registry/adapters/http/create-http-registry.ts';
import { localSigner } from '../../lib/signing/adapters/local-signer.ts';
import { scanned, setting, trustOf, verdictOf } from '../lib/attestation/support.ts';
import type { InteropCheck } from './interop-check.ts';

const run = promisify(execFile);
type Context = Parameters<InteropCheck['run']>[0];

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected: ${what}`);
}

const insecure = ['--insecure-ignore-tlog=true', '--allow-insecure-registry', '--allow-http-registry'];

/** An image with everything that is said of it, under an ECDSA and an ML-DSA key, in a registry that cosign reaches. */
async function attested<T>(
  { work }: Context,
  use: (bench: {
    readonly reference: string;
    readonly keyFile: string;
    readonly strangerFile: string;
    readonly verdict: Awaited<ReturnType<typeof attestImage>>;
    readonly quantum: Uint8Array;
  }) => Promise<T>,
): Promise<T> {
  const embedded = await startEmbeddedRegistry({ directory: join(work, 'registry') });
  const host = `localhost:${embedded.port}`;
  const registry = createHttpRegistry({ host, url: new URL(embedded.url), allowInsecure: true, allowPrivate: true });
  try {
    const classic = localSigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    const pair = generateKeyPairSync('ml-dsa-65');
    const signers = [classic, localSigner(pair.privateKey)];
    const { ports, documents, subject } = await setting({ signers, registry });
    const scan = await scanned(documents, subject.digest);
    const trust = trustOf({
      algorithms: [{ use: 'both', from: '2026-01-01T00:00:00Z' }],
      attestations: ['cosign-bundle', 'cosign-tag'],
    });
    const verdict = await attestImage(ports, { subject, verdict: verdictOf(subject, scan), version: 'v1' }, trust);
    const keyFile = join(work, 'lading.pub');
    const strangerFile = join(work, 'stranger.pub');
    await writeFile(keyFile, (await classic.publicKey()).pem);
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    await writeFile(strangerFile, stranger.export({ type: 'spki', format: 'pem' }));
    const quantum = Buffer.from(String(pair.publicKey.export({ format: 'jwk' }).pub), 'base64url');
    const reference = `${host}/${subject.repository}@${subject.digest}`;
    return await use({ reference, keyFile, strangerFile, verdict, quantum });
  } finally {
    registry.close();
    await embedded.close();
  }
}

async function cosign(context: Context, args: readonly string[]) {
  const env = { ...process.env, PATH: `${context.tools}${delimiter}${process.env.PATH ?? ''}` };
  try {
    const { stdout } = await run('cosign', [...args], { env, maxBuffer: 64 << 20 });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stderr ?? '' };
  }
}

const cosignReads = (context: Context): Promise<string> =>
  attested(context, async ({ reference, keyFile, strangerFile }) => {
    const verify = (key: string, type: string) =>
      cosign(context, ['verify-attestation', '--key', key, '--type', type, ...insecure, reference]);
    const kinds = ['cyclonedx', 'vulnerabilities', 'verdict'] as const;
    for (const kind of kinds) {
      const good = await verify(keyFile, predicateTypes[kind]);
      expect(good.code === 0, `cosign verifies the ${kind} beside an ML-DSA bundle, but: ${good.output}`);
      const bad = await verify(strangerFile, predicateTypes[kind]);
      expect(bad.code !== 0, `cosign refuses the ${kind} with another key`);
    }
    for (const kind of kinds) {
      const older = (key: string) =>
        cosign(context, [
          ...['verify-attestation', '--new-bundle-format=false', '--key', key],
          ...['--type', predicateTypes[kind], ...insecure, reference],
        ]);
      const good = await older(keyFile);
      expect(good.code === 0, `cosign verifies the ${kind} under its older tag: ${good.output}`);
      expect((await older(strangerFile)).code !== 0, `cosign refuses the ${kind} there with another key`);
    }
    const absent = await verify(keyFile, predicateTypes.provenance);
    expect(absent.code !== 0, 'cosign finds no provenance where there is none');
    const signature = await cosign(context, ['verify', '--key', keyFile, ...insecure, reference]);
    expect(signature.code === 0, `cosign verifies the signature beside statements: ${signature.output}`);
    return `cosign verify-attestation: ${kinds.join(', ')} exit 0 with our key in both formats, not with another; cosign verify exits 0 beside them`;
  });

const secondImplementation = (context: Context): Promise<string> =>
  attested(context, async ({ verdict, quantum }) => {
    if (verdict.kind !== 'attested') throw new Error(verdict.kind);
    const statement = verdict.verdict.statements.find(({ algorithm }) => algorithm === 'ml-dsa-65');
    const { content } = parseSigstoreBundle(statement?.bundle ?? new Uint8Array());
    if (content.kind !== 'dsse') throw new Error('no envelope');
    const { payload, payloadType, signatures } = content.envelope;
    const sig = new Uint8Array(signatures[0]?.sig ?? []);
    const message = new Uint8Array(preAuthEncoding(payloadType, payload));
    expect(
      ml_dsa65.verify(sig, message, new Uint8Array(quantum)),
      '@noble/post-quantum verifies our ML-DSA-65 signature',
    );
    message[20] = (message[20] ?? 0) ^ 1;
    expect(!ml_dsa65.verify(sig, message, new Uint8Array(quantum)), 'and refuses it over a changed payload');
    return `an ML-DSA-65 signature of ${sig.length} bytes over ${payload.length} verifies with @noble/post-quantum`;
  });

export const checks: readonly InteropCheck[] = [
  { name: 'attestation: cosign verifies what we say of an image', needs: ['cosign'], run: cosignReads },
  { name: 'attestation: a second implementation verifies our ML-DSA', needs: [], run: secondImplementation },
];
