import { systemClock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import { formatImageReference, type ImageLocation } from '../../core/image-reference.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import type { Registry } from '../../registry/index.ts';
import {
  fetchMaterial,
  type Proof,
  pushConfiguration,
  pushRecorded,
  type RecordedSignature,
  type SignatureFormat,
} from '../../signing/index.ts';
import { defuse, paint, printJson } from '../output.ts';
import { readText } from '../read-file.ts';
import { type MakerOptions, openMaker } from './makers.ts';
import { openTarget, type SigningTarget, type TargetOptions } from './open-target.ts';

interface Options extends MakerOptions, TargetOptions {
  readonly output: 'table' | 'json';
}

/** A statement that a person wants signed. */
export interface StatementFile {
  readonly type: string;
  readonly file: string;
}

/**
 * Signs an image, and statements about it. What the key has signed in this format is left as it is, so that a repetition
 * changes nothing.
 */
export async function runSign(
  text: string,
  options: Options & { readonly attest?: readonly StatementFile[] | undefined },
): Promise<void> {
  const { attest = [], ...common } = options;
  await perform(text, common, { signature: true, statements: attest });
}

/** Signs a statement about an image. */
export async function runAttest(
  text: string,
  options: Options & { readonly predicate: string; readonly type: string },
): Promise<void> {
  const statements = [{ type: options.type, file: options.predicate }];
  await perform(text, options, { signature: false, statements });
}

async function perform(
  text: string,
  options: Options,
  wanted: { readonly signature: boolean; readonly statements: readonly StatementFile[] },
): Promise<void> {
  // Opening an encrypted key takes as long as all that is asked of the registry.
  const [{ target, material, configured }, maker, predicates] = await Promise.all([
    openTarget(text, options).then(async (target) => ({
      target,
      material: await fetchMaterial(target.registry, target.image, [options.format]),
      configured: options.format === 'cosign-tag' ? undefined : configure(target),
    })),
    openMaker(options),
    Promise.all(wanted.statements.map(({ file }) => readText(file))),
  ]);
  const { registry, image } = target;
  const own = maker.own(material);
  const now = systemClock.now();
  const work: Promise<Result>[] = [];
  if (wanted.signature) {
    const there = own.find(({ kind }) => kind === 'signature');
    work.push(once(there, { registry, configured }, () => maker.sign(target, now)));
  }
  for (const [i, { type, file }] of wanted.statements.entries()) {
    const predicate = parseJsonStrict(predicates[i] ?? '', { what: file });
    const said = canonicalJson(predicate);
    const there = own.find(
      ({ statement }) => statement?.predicateType === type && canonicalJson(statement.predicate) === said,
    );
    const statement = { predicateType: type, predicate };
    work.push(once(there, { registry, configured }, () => maker.attest(target, statement, now)));
  }
  print(image, options.output, await Promise.all(work));
}

/** Begun while the key is opened. Where it fails, whoever needs it says so; where nothing is pushed, nobody does. */
function configure({ registry, image }: SigningTarget): Promise<void> {
  const begun = pushConfiguration(registry, image.repository);
  begun.catch(() => undefined);
  return begun;
}

/** Leaves what is there, or makes it and pushes it. */
async function once(
  there: Proof | undefined,
  { registry, configured }: { readonly registry: Registry; readonly configured: Promise<void> | undefined },
  make: () => Promise<RecordedSignature>,
): Promise<Result> {
  if (there !== undefined) {
    const { manifest, format, algorithm, signer, statement } = there;
    const said = statement === undefined ? {} : { predicateType: statement.predicateType };
    return { manifest, format, algorithm, keyId: signer.keyId, ...said, again: true };
  }
  const made = await make();
  await pushRecorded(registry, made, configured);
  const { manifestDigest: manifest, format, algorithm, keyId, predicateType } = made;
  return {
    manifest,
    format,
    algorithm,
    keyId,
    ...(predicateType === undefined ? {} : { predicateType }),
    again: false,
  };
}

interface Result {
  readonly manifest: Digest;
  readonly format: SignatureFormat;
  readonly algorithm: string;
  readonly keyId: string;
  /** Of a statement. */
  readonly predicateType?: string;
  readonly again: boolean;
}

function print(image: ImageLocation, output: Options['output'], results: readonly Result[]): void {
  const reference = formatImageReference(image);
  if (output === 'json') {
    printJson({ image: reference, signatures: results });
    return;
  }
  const line = (name: string, value: string): void =>
    void process.stdout.write(`${paint('dim', name.padEnd(11))} ${defuse(value)}\n`);
  line('image', reference);
  for (const { manifest, format, predicateType, again } of results) {
    const what = predicateType === undefined ? format : `${format}, ${predicateType}`;
    line(
      predicateType === undefined ? 'signature' : 'attestation',
      `${manifest} (${what})${again ? ' was there' : ''}`,
    );
  }
  for (const key of new Set(results.map(({ keyId, algorithm }) => `${keyId} (${algorithm})`))) line('key', key);
}
