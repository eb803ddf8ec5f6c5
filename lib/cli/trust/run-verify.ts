import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { formatImageReference, type ImageLocation } from '../../core/image-reference.ts';
import {
  askRevocations,
  fetchMaterial,
  type LoadedTrust,
  loadTrust,
  parseVerificationKey,
  type RevocationSource,
  type VerificationResult,
  verify,
} from '../../signing/index.ts';
import { callApi } from '../api-client.ts';
import { connect, fromCaller } from '../connection.ts';
import { defuse, paint, printJson, say } from '../output.ts';
import { readText } from '../read-file.ts';
import { isKms, openSigner } from './open-signer.ts';
import { openTarget, type TargetOptions } from './open-target.ts';
import { readFolder, seenVersions } from './trust-files.ts';

interface Options extends TargetOptions {
  readonly key?: readonly string[] | undefined;
  readonly policy?: string | undefined;
  readonly type?: string | undefined;
  readonly offline?: boolean | undefined;
  readonly api?: string | undefined;
  readonly output: 'table' | 'json';
}

/** Verifies what lies beside an image. Answers whether the image is to be trusted. */
export async function runVerify(text: string, options: Options): Promise<boolean> {
  const [target, { trust, requirements }] = await Promise.all([openTarget(text, options), trustFor(options)]);
  const material = await fetchMaterial(target.registry, target.image);
  if (material === undefined) throw new LadingError('reference-unknown', `${text} is gone`);
  const answered = await askRevocations(material, trust, revocationSource(options));
  const result = verify(material, answered, requirements, systemClock.now());
  print(target.image, result, options.output);
  return result.trusted;
}

/** Loaded only where a signature has to be asked about, which is rare. */
function revocationSource({ offline = false }: Options): RevocationSource {
  return {
    ask: async (question) => {
      const { awsSignerRevocations, noRevocations } = await import('../../signing/adapters/aws-signer-revocations.ts');
      return (offline ? noRevocations : awsSignerRevocations()).ask(question);
    },
  };
}

async function trustFor(options: Options): Promise<LoadedTrust> {
  const { policy, key: keys = [], type } = options;
  if (policy !== undefined) {
    if (keys.length > 0 || type !== undefined) {
      throw new LadingError('options-conflict', '--policy says whom to trust and for what; --key and --type do too');
    }
    const file = fromCaller(policy);
    return loadTrust(Buffer.from(await readText(policy)), {
      readFile: (path) => readBeside(file, path),
      readFolder: (path) => readFolder(resolve(dirname(file), path)),
      seen: seenVersions(),
      clock: systemClock,
      keylessVerifier: async (root) =>
        (await import('../../signing/adapters/sigstore-verifier.ts')).sigstoreVerifier(root),
    });
  }
  const named = keys.length > 0 ? keys.map((key) => [key, publicKeyOf(key, options)] as const) : [stackKey(options)];
  const trusted = await Promise.all(named.map(async ([name, pem]) => ({ name, key: parseVerificationKey(await pem) })));
  const requirement =
    type === undefined
      ? ({ name: 'signature', kind: 'signature', threshold: 1 } as const)
      : ({ name: 'attestation', kind: 'attestation', predicateType: type, threshold: 1 } as const);
  return { trust: { keys: trusted }, requirements: [requirement] };
}

/** Paths in a policy are relative to its own folder. */
async function readBeside(policy: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(dirname(policy), path));
  } catch (cause) {
    throw new LadingError('file-unreadable', `${path}, which the policy names, cannot be read`, { cause });
  }
}

const publicKeyOf = async (key: string, options: Options): Promise<string> =>
  isKms(key)
    ? (await (await openSigner({ key, format: 'cosign-bundle', data: options.data })).publicKey()).pem
    : readText(key);

const stackKey = (options: Options) =>
  ['stack', callApi(connect(options), '/api/key').then((answer) => answer.text())] as const;

function print(image: ImageLocation, result: VerificationResult, output: 'table' | 'json'): void {
  const { trusted, requirements, proofs, rejections } = result;
  const reference = formatImageReference(image);
  if (output === 'json') {
    printJson({
      image: reference,
      trusted,
      requirements,
      proofs: proofs.map(({ statement, ...proof }) => ({
        ...proof,
        ...(statement === undefined ? {} : { predicateType: statement.predicateType, predicate: statement.predicate }),
      })),
      rejections,
    });
    return;
  }
  const line = (name: string, value: string): void =>
    void process.stdout.write(`${paint('dim', name.padEnd(11))} ${defuse(value)}\n`);
  line('image', reference);
  line('trusted', trusted ? 'yes' : 'no');
  for (const { name, met, signers, needed, unmet, skippedBy } of requirements) {
    const how =
      skippedBy === undefined ? `${signers.length} of ${needed}: ${signers.join(', ')}` : `skipped by ${skippedBy}`;
    line(name, met ? how : `${unmet?.reason}: ${unmet?.detail}`);
  }
  for (const proof of proofs) {
    const { signer, algorithm, format, statement, warnings } = proof;
    const who = signer.kind === 'key' ? signer.name : `${signer.name}: ${signer.profile ?? signer.subject}`;
    line(proof.kind, `${who} (${format}, ${algorithm})${statement ? ` says ${statement.predicateType}` : ''}`);
    for (const warning of warnings) say(`${paint('yellow', 'note', process.stderr)}: ${defuse(warning)}`);
  }
  if (trusted) return;
  for (const { manifest, reason, detail } of rejections) line('refused', `${manifest} ${reason}: ${detail}`);
}
