import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { type Json, parseJsonStrict } from '../../core/json.ts';
import { parseCertificatePem } from '../../formats/x509/index.ts';
import { signingError } from '../errors.ts';
import { parseVerificationKey } from '../keys.ts';
import { signatureAlgorithms, signatureFormats } from '../model.ts';
import type { SeenVersions, SignedTarget } from '../trust-data/model.ts';
import { verifyTrustData } from '../trust-data/verify-trust-data.ts';
import type { Condition, KeylessVerifier, Requirement, TrustMaterial } from './model.ts';
import { parseNotationPolicy } from './notation-policy.ts';

const name = z.string().min(1).max(100);
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const path = z
  .string()
  .regex(/^(?:\/[^/]*)+$|^$/, 'not a JSON pointer')
  .max(500);
const json = z.json() as z.ZodType<Json>;

const conditionSchema: z.ZodType<Condition> = z.union([
  z.strictObject({ path, equals: json }),
  z.strictObject({ path, oneOf: z.array(json).min(1) }),
  z.strictObject({ path, atMost: z.number() }),
  z.strictObject({ path, atLeast: z.number() }),
  z.strictObject({ path, inFuture: z.literal(true) }),
  z.strictObject({ path, withinSeconds: z.number().positive() }),
]);

const requirementSchema = z
  .strictObject({
    name,
    kind: z.enum(['signature', 'attestation']),
    predicateType: z.string().min(1).max(2048).optional(),
    by: z.array(name).min(1).optional(),
    threshold: z.int().min(1).max(100).default(1),
    formats: z.array(z.enum(signatureFormats)).min(1).optional(),
    algorithms: z.array(z.enum(signatureAlgorithms)).min(1).optional(),
    conditions: z.array(conditionSchema).max(100).optional(),
  })
  .refine(({ kind, predicateType }) => kind === 'attestation' || predicateType === undefined, {
    message: 'a signature has no predicate type',
  });

const keySchema = z.strictObject({
  name,
  /** A PEM block, or the path of a file with one. */
  publicKey: z.string().min(1),
  notBefore: time.optional(),
  notAfter: time.optional(),
  algorithms: z.array(z.enum(signatureAlgorithms)).min(1).optional(),
  revoked: z.strictObject({ reason: z.string().min(1).max(500) }).optional(),
});

const trustFileSchema = z
  .strictObject({
    version: z.literal(1),
    /**
     * Files that The Update Framework distributes: wherever a path is expected, `tuf:NAME` is such a file. Verified from
     * the pinned root on, without asking anybody.
     */
    tuf: z
      .strictObject({
        /** Path of the root that is trusted. */
        root: z.string().min(1),
        /** Folder with the metadata, and with the files under their names or below `targets`. */
        metadata: z.string().min(1),
      })
      .optional(),
    keys: z.array(keySchema).max(1000).default([]),
    notation: z
      .strictObject({
        /** The trust policy document, or the path of the file. */
        trustPolicy: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
        /** By type and name, such as `ca:example`: files of certificates, PEM or DER. */
        trustStores: z.record(z.string(), z.array(z.string().min(1)).min(1)),
      })
      .optional(),
    keyless: z
      .strictObject({
        /** Path of a Sigstore trusted root (JSON). */
        trustedRoot: z.string().min(1),
        identities: z
          .array(z.strictObject({ name, identity: z.string().min(1), issuer: z.string().min(1) }))
          .min(1)
          .max(1000),
      })
      .optional(),
    timestampAuthorities: z.array(z.string().min(1)).default([]),
    revokedCertificates: z
      .array(z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hex'))
      .max(10_000)
      .default([]),
    requirements: z.array(requirementSchema).min(1).max(100),
  })
  .superRefine(({ keys, keyless, notation, requirements }, context) => {
    const known = new Set([
      ...keys.map((one) => one.name),
      ...(keyless?.identities ?? []).map((one) => one.name),
      ...Object.keys(notation?.trustStores ?? {}),
    ]);
    // A mistyped name would make the requirement unsatisfiable, or with "by" left out, too easy: say so at once.
    for (const { name: requirement, by = [] } of requirements) {
      const unknown = by.find((one) => !known.has(one));
      if (unknown === undefined) continue;
      context.addIssue({ code: 'custom', message: `"${requirement}" asks for "${unknown}", which is not defined` });
    }
  });

export interface TrustPorts {
  /** The file at the path that the policy names. */
  readFile(path: string): Promise<Uint8Array>;
  /** All files below the folder, by their paths within it. */
  readFolder(path: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /** What was seen of trust data before, so that nothing older is accepted. By an identifier of the pinned root. */
  readonly seen?: {
    load(id: string): Promise<SeenVersions | undefined>;
    save(id: string, versions: SeenVersions): Promise<void>;
  };
  readonly clock: Clock;
  /** @param trustedRoot JSON of Sigstore's `TrustedRoot` */
  keylessVerifier(trustedRoot: unknown): Promise<KeylessVerifier>;
}

export interface LoadedTrust {
  readonly trust: TrustMaterial;
  readonly requirements: readonly Requirement[];
}

/**
 * Reads a verification policy with all that it names, so that verification itself asks nobody.
 *
 * @throws LadingError `trust-invalid`, naming every member that is wrong; `key-unusable`, `certificate-invalid`
 */
export async function loadTrust(content: Uint8Array, given: TrustPorts): Promise<LoadedTrust> {
  const parsed = trustFileSchema.safeParse(parseFile(content, 'the policy'));
  if (!parsed.success) {
    throw signingError('trust-invalid', `the policy is not valid: ${z.prettifyError(parsed.error)}`);
  }
  const { keys, notation, keyless, timestampAuthorities, revokedCertificates, requirements } = parsed.data;
  const ports = parsed.data.tuf === undefined ? given : await withDistributed(parsed.data.tuf, given);
  const certificates = async (files: readonly string[]) =>
    (await Promise.all(files.map(async (file) => parseCertificatePem(await ports.readFile(file))))).flat();
  return {
    trust: {
      keys: await Promise.all(
        keys.map(async ({ publicKey, ...rest }) => ({ ...defined(rest), key: await readKey(publicKey, ports) })),
      ),
      ...(notation === undefined
        ? {}
        : {
            notation: {
              policy: parseNotationPolicy(
                typeof notation.trustPolicy === 'string'
                  ? parseFile(await ports.readFile(notation.trustPolicy), 'the trust policy')
                  : notation.trustPolicy,
              ),
              stores: new Map(
                await Promise.all(
                  Object.entries(notation.trustStores).map(
                    async ([store, files]) => [store, await certificates(files)] as const,
                  ),
                ),
              ),
            },
          }),
      ...(keyless === undefined
        ? {}
        : {
            keyless: {
              verifier: await ports.keylessVerifier(
                parseFile(await ports.readFile(keyless.trustedRoot), 'the trusted root'),
              ),
              identities: keyless.identities,
            },
          }),
      timestampAuthorities: await certificates(timestampAuthorities),
      revokedCertificates: new Set(revokedCertificates),
    },
    requirements: requirements.map(defined),
  };
}

/** The same ports, with `tuf:NAME` for the files that the trust data vouch for. */
async function withDistributed(
  { root, metadata }: { readonly root: string; readonly metadata: string },
  ports: TrustPorts,
): Promise<TrustPorts> {
  const [pinnedRoot, files] = await Promise.all([ports.readFile(root), ports.readFolder(metadata)]);
  const id = createHash('sha256').update(pinnedRoot).digest('hex');
  const seen = await ports.seen?.load(id);
  const input = { dialect: 'tuf', files, pinnedRoot, ...(seen === undefined ? {} : { seen }) } as const;
  const verdict = verifyTrustData(input, ports.clock.now());
  if (verdict.kind === 'invalid') {
    const { reason, file, detail } = verdict;
    throw signingError('trust-invalid', `the trust data of ${metadata} are refused: ${reason}: ${file}: ${detail}`);
  }
  await ports.seen?.save(id, verdict.versions);
  return {
    ...ports,
    readFile: async (path) => {
      if (!path.startsWith('tuf:')) return ports.readFile(path);
      const name = path.slice('tuf:'.length);
      const found = verdict.targets.find((target) => target.name === name);
      const content = found && distributedFile(files, found);
      if (content !== undefined) return content;
      throw signingError('trust-invalid', `the trust data do not vouch for a file ${name} that is there`);
    },
  };
}

/** A distributed file by its hash, wherever it lies: consistent snapshots put the hash before the name. */
function distributedFile(files: ReadonlyMap<string, Uint8Array>, target: SignedTarget): Uint8Array | undefined {
  const hash = target.hashes.get('sha256') ?? target.hashes.get('sha512');
  const algorithm = target.hashes.has('sha256') ? 'sha256' : 'sha512';
  const named = [...files].filter(([path]) => path.endsWith(target.name)).map(([, content]) => content);
  return named.find(
    (content) => content.length === target.length && createHash(algorithm).update(content).digest('hex') === hash,
  );
}

/** Members that are `undefined` are left out, which is what "optional" means in the model. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}

async function readKey(publicKey: string, ports: TrustPorts) {
  const pem = publicKey.includes('-----BEGIN') ? publicKey : Buffer.from(await ports.readFile(publicKey)).toString();
  return parseVerificationKey(pem);
}

function parseFile(content: Uint8Array, what: string): unknown {
  try {
    return parseJsonStrict(content, { maxBytes: 8 * 1024 * 1024, what });
  } catch (cause) {
    if (cause instanceof LadingError) throw signingError('trust-invalid', cause.message, { cause });
    throw cause;
  }
}
