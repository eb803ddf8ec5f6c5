import { type ExecFileException, execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { bundleFromJSON } from '@sigstore/bundle';
import { PublicKeyDetails } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { readFolder } from '../../lib/cli/trust/trust-files.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { preAuthEncoding } from '../../lib/formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../../lib/formats/intoto/index.ts';
import { encodeKeyBundle, parseSigstoreBundle } from '../../lib/formats/sigstore-bundle/index.ts';
import { parseCertificate } from '../../lib/formats/x509/index.ts';
import { createHttpRegistry } from '../../lib/registry/adapters/http/create-http-registry.ts';
import type { Registry } from '../../lib/registry/index.ts';
import { localSigner } from '../../lib/signing/adapters/local-signer.ts';
import {
  COSIGN_SIGN_PREDICATE,
  createAttestation,
  createSignature,
  fetchMaterial,
  parseNotationPolicy,
  parseVerificationKey,
  pushRecorded,
  type RecordedSignature,
  type Requirement,
  type SignatureFormat,
  type TrustMaterial,
  type VerificationResult,
  verify,
  verifyTrustData,
} from '../../lib/signing/index.ts';
import { pushImage } from '../lib/signing/support.ts';
import { makeChain } from '../support/certificates.ts';
import type { InteropCheck } from './interop-check.ts';

const execute = promisify(execFile);
type Context = Parameters<InteropCheck['run']>[0];

interface Bench {
  readonly registry: Registry;
  readonly image: ImageLocation;
  readonly reference: string;
  file(name: string, content: string): Promise<string>;
  /** Exit code and all that was said. */
  call(program: string, args: readonly string[]): Promise<{ readonly code: number; readonly output: string }>;
  push(make: (descriptor: Parameters<typeof createSignature>[2]) => Promise<RecordedSignature>): Promise<void>;
  verify(trust: TrustMaterial, requirement: Requirement, formats?: SignatureFormat[]): Promise<VerificationResult>;
}

async function withBench<T>({ work, tools }: Context, use: (bench: Bench) => Promise<T>): Promise<T> {
  const embedded = await startEmbeddedRegistry({ directory: join(work, 'registry') });
  const host = `localhost:${embedded.port}`;
  const registry = createHttpRegistry({ host, url: new URL(embedded.url), allowInsecure: true, allowPrivate: true });
  const image = await pushImage(registry, 'team/app');
  const path = `${tools}${delimiter}${process.env.PATH ?? ''}`;
  const call: Bench['call'] = async (program, args) => {
    try {
      const env = { ...process.env, PATH: path, COSIGN_PASSWORD: 'open sesame', HOME: work };
      const { stdout, stderr } = await execute(program, args, { env });
      return { code: 0, output: `${stdout}${stderr}` };
    } catch (error) {
      const { code, stdout, stderr } = error as ExecFileException;
      if (typeof code !== 'number') throw error;
      return { code, output: `${stdout ?? ''}${stderr ?? ''}` };
    }
  };
  try {
    return await use({
      registry,
      image,
      reference: `${host}/${image.repository}@${image.digest}`,
      file: async (name, content) => {
        await writeFile(join(work, name), content);
        return join(work, name);
      },
      call,
      push: async (make) => {
        const descriptor = await registry.headManifest({ repository: image.repository, reference: image.digest });
        if (descriptor === undefined) throw new Error('the image is gone');
        await pushRecorded(registry, await make(descriptor));
      },
      verify: async (trust, requirement, formats) => {
        const material = await fetchMaterial(registry, image, formats);
        if (material === undefined) throw new Error('the image is gone');
        return verify(material, trust, [requirement], new Date());
      },
    });
  } finally {
    registry.close();
    await embedded.close();
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected: ${what}`);
}

const SIGNED: Requirement = { name: 'signed', kind: 'signature', threshold: 1 };
const PREDICATE = 'https://example.com/predicate/v1';
const ATTESTED: Requirement = {
  name: 'attested',
  kind: 'attestation',
  predicateType: PREDICATE,
  threshold: 1,
  conditions: [{ path: '/answer', equals: 42 }],
};
const insecure = ['--insecure-ignore-tlog=true', '--allow-insecure-registry', '--allow-http-registry'];
const offline = [
  '--tlog-upload=false',
  '--use-signing-config=false',
  '--allow-insecure-registry',
  '--allow-http-registry',
  '-y',
];
const styles = { 'cosign-bundle': [], 'cosign-tag': ['--new-bundle-format=false'] } as const;
const formats = ['cosign-bundle', 'cosign-tag'] as const;

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** What cosign verifies of ours, with each kind of key, in each format. */
async function oursToCosign(context: Context): Promise<string> {
  const kinds = {
    'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    'RSA 2048': generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };
  for (const format of formats) {
    for (const [kind, { privateKey, publicKey }] of Object.entries(kinds)) {
      await withBench(context, async ({ file, image, call, push, reference }) => {
        const key = await file('ours.pub', pemOf(publicKey));
        const other = await file('other.pub', pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey));
        const signer = localSigner(privateKey);
        const statement = { predicateType: PREDICATE, predicate: { answer: 42 } };
        await push((descriptor) => createSignature(signer, image, descriptor, new Date(), { format }));
        await push((descriptor) => createAttestation(signer, image, descriptor, statement, new Date(), { format }));
        // cosign takes SHA-256 for granted, also with its own signatures by this curve, which are of SHA-384.
        const hash = kind === 'P-384' ? ['--signature-digest-algorithm', 'sha384'] : [];
        const style = [...styles[format], ...hash];
        const signed = await call('cosign', ['verify', '--key', key, ...style, ...insecure, reference]);
        expect(signed.code === 0, `cosign verifies our ${format} with ${kind}: ${signed.output}`);
        const type = ['--type', PREDICATE];
        const told = await call('cosign', [
          'verify-attestation',
          '--key',
          key,
          ...type,
          ...style,
          ...insecure,
          reference,
        ]);
        expect(told.code === 0, `cosign verifies our attestation as ${format} with ${kind}: ${told.output}`);
        const wrong = await call('cosign', ['verify', '--key', other, ...style, ...insecure, reference]);
        expect(wrong.code !== 0, 'cosign refuses ours with another key');
      });
    }
  }
  return `cosign verify and verify-attestation accept ours as ${formats.join(' and ')} with ${Object.keys(kinds).join(', ')}`;
}

const cosignToOurs = (context: Context): Promise<string> =>
  withBench(context, async ({ file, call, reference, verify: verifyHere }) => {
    const { work } = context;
    const made = await call('cosign', ['generate-key-pair', '--output-key-prefix', join(work, 'theirs')]);
    expect(made.code === 0, `cosign makes a key: ${made.output}`);
    const key = join(work, 'theirs.key');
    const predicate = await file('predicate.json', '{"answer":42}');
    for (const format of formats) {
      const style = styles[format];
      const signed = await call('cosign', ['sign', '--key', key, ...style, ...offline, reference]);
      expect(signed.code === 0, `cosign signs as ${format}: ${signed.output}`);
      const about = ['--type', PREDICATE, '--predicate', predicate];
      const told = await call('cosign', ['attest', '--key', key, ...about, ...style, ...offline, reference]);
      expect(told.code === 0, `cosign attests as ${format}: ${told.output}`);
    }
    const theirs = parseVerificationKey(await readFile(join(work, 'theirs.pub'), 'utf8'));
    const trust: TrustMaterial = { keys: [{ name: 'theirs', key: theirs }] };
    const other = parseVerificationKey(pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey));
    for (const format of formats) {
      for (const requirement of [SIGNED, ATTESTED]) {
        const result = await verifyHere(trust, requirement, [format]);
        expect(result.trusted, `we verify cosign's ${requirement.kind} as ${format}: ${JSON.stringify(result)}`);
        const wrong = await verifyHere({ keys: [{ name: 'other', key: other }] }, requirement, [format]);
        expect(!wrong.trusted && wrong.rejections.every(({ reason }) => reason === 'signature-invalid'), 'not another');
      }
    }
    return `we verify what cosign signed and attested as ${formats.join(' and ')}, with its key and no other`;
  });

const policyOf = (store: string) => ({
  version: '1.0',
  trustPolicies: [
    {
      name: 'interop',
      registryScopes: ['*'],
      signatureVerification: { level: 'strict' },
      trustStores: [store],
      trustedIdentities: ['x509.subject: C=DE, ST=Berlin, O=Example'],
    },
  ],
});

const notationKeys = () => ({
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'RSA 2048': generateKeyPairSync('rsa', { modulusLength: 2048 }),
});

async function oursToNotation(context: Context): Promise<string> {
  for (const format of ['notation-jws', 'notation-cose'] as const) {
    for (const [kind, key] of Object.entries(notationKeys())) {
      await withBench(context, async ({ file, image, call, push, reference }) => {
        const { authority, chain } = makeChain({ key });
        const stranger = makeChain();
        const signer = localSigner(key.privateKey, kind.startsWith('RSA') ? 'rsa-pss-sha256' : undefined);
        const expiresAt = new Date(Date.now() + 86_400_000);
        const options = { format, certificates: chain, expiresAt };
        await push((descriptor) => createSignature(signer, image, descriptor, new Date(), options));
        const policy = await file('trustpolicy.json', JSON.stringify(policyOf('ca:interop')));
        const root = await file('root.pem', authority.pem);
        const other = await file('other.pem', stranger.authority.pem);
        const good = await call('notation-check', ['verify', reference, policy, root]);
        expect(good.code === 0, `notation-go verifies our ${format} with ${kind}: ${good.output}`);
        const bad = await call('notation-check', ['verify', reference, policy, other]);
        expect(bad.code !== 0, 'notation-go refuses ours by another root');
      });
    }
  }
  return 'notation-go verifies our JWS and COSE with P-256, P-384 and RSA by a strict trust policy, and by no other root';
}

async function notationToOurs(context: Context): Promise<string> {
  for (const format of ['jws', 'cose'] as const) {
    for (const [kind, key] of Object.entries(notationKeys())) {
      await withBench(context, async ({ file, call, reference, verify: verifyHere }) => {
        const { authority, signer } = makeChain({ key });
        const keyFile = await file('key.pem', signer.privatePem);
        const chainFile = await file('chain.pem', `${signer.pem}${authority.pem}`);
        const signed = await call('notation-check', ['sign', reference, format, keyFile, chainFile]);
        expect(signed.code === 0, `notation-go signs: ${signed.output}`);
        const policy = parseNotationPolicy(policyOf('ca:interop'));
        const trustOf = (der: Uint8Array): TrustMaterial => ({
          keys: [],
          notation: { policy, stores: new Map([['ca:interop', [parseCertificate(der)]]]) },
        });
        const good = await verifyHere(trustOf(authority.der), SIGNED);
        expect(good.trusted, `we verify notation-go's ${format} with ${kind}: ${JSON.stringify(good)}`);
        const bad = await verifyHere(trustOf(makeChain().authority.der), SIGNED);
        expect(bad.rejections[0]?.reason === 'chain-untrusted', `not by another root: ${JSON.stringify(bad)}`);
      });
    }
  }
  return "we verify notation-go's JWS and COSE with P-256, P-384 and RSA by a strict trust policy, and by no other root";
}

const bundleBy = async (key: KeyObject, digest: ImageLocation['digest']): Promise<Uint8Array> => {
  const signer = localSigner(key);
  const payload = encodeStatement({ subject: [{ digest }], predicateType: COSIGN_SIGN_PREDICATE, predicate: {} });
  const sig = await signer.sign(preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload));
  const envelope = { payloadType: IN_TOTO_PAYLOAD_TYPE, payload, signatures: [{ sig }] };
  return encodeKeyBundle({ hint: (await signer.publicKey()).hint, envelope });
};

async function oursToSigstoreJs(): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const bundle = await bundleBy(privateKey, `sha256:${'a'.repeat(64)}`);
  const material = parseSigstoreBundle(bundle).material;
  const entity = toSignedEntity(bundleFromJSON(JSON.parse(Buffer.from(bundle).toString('utf8'))));
  const verifierFor = (key: KeyObject): Verifier => {
    const rawBytes = key.export({ type: 'spki', format: 'der' });
    const hint = material.kind === 'public-key' ? material.hint : '';
    const root = { mediaType: '', tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] };
    const trusted = { rawBytes, keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256 };
    const options = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
    return new Verifier(toTrustMaterial(root as never, { [hint]: trusted as never }), options);
  };
  verifierFor(publicKey).verify(entity);
  let refused = false;
  try {
    verifierFor(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey).verify(entity);
  } catch {
    refused = true;
  }
  expect(refused, 'sigstore-js refuses it with another key');
  return 'sigstore-js verifies our bundle with its key and with no other';
}

/** FIPS 204 by two implementations: OpenSSL's, which Node has, and one in JavaScript. */
async function postQuantum(): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ml-dsa-65');
  const bundle = await bundleBy(privateKey, `sha256:${'b'.repeat(64)}`);
  const { content } = parseSigstoreBundle(bundle);
  if (content.kind !== 'dsse') throw new Error('the bundle has no envelope');
  const { payloadType, payload, signatures } = content.envelope;
  const message = preAuthEncoding(payloadType, payload);
  const [signature] = signatures;
  if (signature === undefined) throw new Error('the bundle has no signature');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const raw = spki.subarray(spki.length - 1952);
  expect(ml_dsa65.verify(signature.sig, message, raw), 'noble verifies what Node signed');
  const changed = Uint8Array.from(message);
  changed[20] = (changed[20] ?? 0) ^ 1;
  expect(!ml_dsa65.verify(signature.sig, changed, raw), 'and nothing else');
  const theirs = ml_dsa65.keygen();
  const theirSpki = Buffer.concat([spki.subarray(0, spki.length - 1952), theirs.publicKey]);
  const key = parseVerificationKey(pemOf(createPublicKey({ key: theirSpki, format: 'der', type: 'spki' })));
  expect(key.verifies(message, ml_dsa65.sign(message, theirs.secretKey), 'ml-dsa-65'), 'we verify what noble signed');
  expect(!key.verifies(message, signature.sig), 'and not what Node signed with another key');
  return 'ML-DSA-65 by Node and by noble: each verifies the other, and nothing else';
}

/** What Notary version 1 itself signed, as `docker trust` keeps it. */
const notaryData = (context: Context): Promise<string> =>
  withBench(context, async ({ call }) => {
    const folder = join(context.work, 'notary');
    const [first, second] = ['a'.repeat(64), 'b'.repeat(64)];
    const made = await call('notary-data', [folder, 'docker.io/library/app', 'v1', first, 'v2', second]);
    expect(made.code === 0, `the library of Notary makes trust data: ${made.output}`);
    const rootKey = made.output.trim();
    const files = await readFolder(folder);
    const check = (given: ReadonlyMap<string, Uint8Array>, now = new Date(), pinnedRootKeys = [rootKey]) =>
      verifyTrustData({ dialect: 'notary', files: given, pinnedRootKeys }, now);
    const good = check(files);
    expect(good.kind === 'valid', `we verify them: ${JSON.stringify(good)}`);
    const signed = good.kind === 'valid' ? good.targets.map(({ name, role }) => `${name} by ${role}`).join(', ') : '';
    expect(signed === 'v1 by targets, v2 by targets/releases', `both tags are found, not ${signed}`);
    const reasonOf = (verdict: ReturnType<typeof check>) => (verdict.kind === 'invalid' ? verdict.reason : 'none');
    expect(reasonOf(check(files, new Date(), ['0'.repeat(64)])) === 'root-untrusted', 'not by another root');
    expect(reasonOf(check(files, new Date('2100-01-01'))) === 'expired', 'not for ever');
    const forged = new Map(files);
    const timestamp = Buffer.from(files.get('timestamp.json') ?? '').toString('latin1');
    forged.set('timestamp.json', Buffer.from(timestamp.replace('"version":1', '"version":9'), 'latin1'));
    expect(reasonOf(check(forged)) === 'threshold-not-met', 'not with a version that nobody signed');
    return `we verify the trust data of Notary 1 (${signed}), and refuse another root, late and forged ones`;
  });

export const checks: readonly InteropCheck[] = [
  { name: 'trust: cosign verifies our signatures and attestations', needs: ['cosign'], run: oursToCosign },
  { name: "trust: we verify cosign's signatures and attestations", needs: ['cosign'], run: cosignToOurs },
  { name: 'trust: notation-go verifies our signatures', needs: ['notation-check'], run: oursToNotation },
  { name: "trust: we verify notation-go's signatures", needs: ['notation-check'], run: notationToOurs },
  { name: 'trust: we verify data of Docker Content Trust', needs: ['notary-data'], run: notaryData },
  { name: 'trust: sigstore-js verifies our bundles', needs: [], run: oursToSigstoreJs },
  { name: 'trust: ML-DSA by a second implementation', needs: [], run: postQuantum },
];
