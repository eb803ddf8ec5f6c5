import { systemClock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import { formatImageReference } from '../../core/image-reference.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import { parseCertificate } from '../../formats/x509/index.ts';
import {
  createAttestation,
  createSignature,
  fetchMaterial,
  type Proof,
  type PublicKey,
  parseNotationPolicy,
  parseVerificationKey,
  pushRecorded,
  type RecordedSignature,
  type SigningOptions,
  type TrustMaterial,
  verify,
} from '../../signing/index.ts';
import { defuse, paint, printJson } from '../output.ts';
import { openSigner, readText, type SigningInput, signingOptions } from './open-signer.ts';
import { openTarget, type SigningTarget, type TargetOptions } from './open-target.ts';

interface Options extends SigningInput, TargetOptions {
  readonly output: 'table' | 'json';
}

/** Signs an image. One that the key has signed in this format is left as it is, so that a repetition changes nothing. */
export async function runSign(text: string, options: Options): Promise<void> {
  const [target, signer, more] = await Promise.all([
    openTarget(text, options),
    openSigner(options),
    signingOptions(options),
  ]);
  const key = await signer.publicKey();
  const there = await findOwn(target, key, more, ({ kind }) => kind === 'signature');
  if (there !== undefined) return print(target, options, { ...there, again: true });
  const made = await createSignature(signer, target.image, target.descriptor, systemClock.now(), more);
  await pushRecorded(target.registry, made);
  print(target, options, { ...summary(made), again: false });
}

export async function runAttest(
  text: string,
  options: Options & { readonly predicate: string; readonly type: string },
): Promise<void> {
  const [target, signer, more, content] = await Promise.all([
    openTarget(text, options),
    openSigner(options),
    signingOptions(options),
    readText(options.predicate),
  ]);
  const predicate = parseJsonStrict(content, { what: options.predicate });
  const statement = { predicateType: options.type, predicate };
  const key = await signer.publicKey();
  const said = canonicalJson(predicate);
  const there = await findOwn(
    target,
    key,
    more,
    (proof) => proof.statement?.predicateType === options.type && canonicalJson(proof.statement.predicate) === said,
  );
  if (there !== undefined) return print(target, options, { ...there, again: true });
  const made = await createAttestation(signer, target.image, target.descriptor, statement, systemClock.now(), more);
  await pushRecorded(target.registry, made);
  print(target, options, { ...summary(made), again: false });
}

interface Summary {
  readonly manifest: Digest;
  readonly format: string;
  readonly algorithm: string;
  readonly keyId: string;
}

const summary = ({ manifestDigest, format, algorithm, keyId }: RecordedSignature): Summary => ({
  manifest: manifestDigest,
  format,
  algorithm,
  keyId,
});

/** What this very key has said of the image already, in this format. */
async function findOwn(
  { registry, image }: SigningTarget,
  key: PublicKey,
  { format = 'cosign-bundle', certificates = [] }: SigningOptions,
  isIt: (proof: Proof) => boolean,
): Promise<Summary | undefined> {
  const material = await fetchMaterial(registry, image, [format]);
  if (material === undefined || material.artifacts.length === 0) return undefined;
  const trust: TrustMaterial = {
    keys: [{ name: 'own', key: parseVerificationKey(key.spki) }],
    notation: { policy: OWN_POLICY, stores: new Map([['ca:own', certificates.slice(-1).map(parseCertificate)]]) },
  };
  const { proofs } = verify(material, trust, [], systemClock.now());
  const found = proofs.find((proof) => proof.signer.keyId === key.hint && isIt(proof));
  return found && { manifest: found.manifest, format, algorithm: found.algorithm, keyId: key.hint };
}

const OWN_POLICY = parseNotationPolicy({
  version: '1.0',
  trustPolicies: [
    {
      name: 'own',
      registryScopes: ['*'],
      signatureVerification: { level: 'strict' },
      trustStores: ['ca:own'],
      trustedIdentities: ['*'],
    },
  ],
});

function print(
  { image }: SigningTarget,
  { output }: Pick<Options, 'output'>,
  result: Summary & { readonly again: boolean },
): void {
  const reference = formatImageReference(image);
  if (output === 'json') {
    printJson({ image: reference, ...result });
    return;
  }
  const line = (name: string, value: string): void =>
    void process.stdout.write(`${paint('dim', name.padEnd(11))}${defuse(value)}\n`);
  line('image', reference);
  line('signature', `${result.manifest}${result.again ? ' (it was there already)' : ''}`);
  line('format', result.format);
  line('key', `${result.keyId} (${result.algorithm})`);
}
