import { createHash } from 'node:crypto';
import { isLadingError } from '../../core/errors.ts';
import {
  parseTufMetadata,
  type TufDialect,
  type TufKey,
  type TufMeta,
  type TufMetadata,
  type TufRole,
  tufKeyVerifies,
} from '../../formats/tuf/index.ts';
import type { SignedTarget, TrustDataFault, TrustDataInput, TrustDataVerdict } from './model.ts';

/** What stops the verification; caught where it begins. */
class Stop {
  readonly reason: TrustDataFault;
  readonly file: string;
  readonly detail: string;
  constructor(reason: TrustDataFault, file: string, detail: string) {
    this.reason = reason;
    this.file = file;
    this.detail = detail;
  }
}

const MAX_ROOTS = 256;
const MAX_DEPTH = 8;
const MAX_ROLES = 200;

/**
 * Verifies trust data of The Update Framework (specification 1.0, section 5) or of Notary version 1, which Docker
 * Content Trust uses: roots from the trusted one on, timestamp, snapshot, targets, delegations; signatures by threshold,
 * expiry, rollback, mixed parts. Pure and offline: files and time go in.
 */
export function verifyTrustData(input: TrustDataInput, now: Date): TrustDataVerdict {
  try {
    return check(input, now);
  } catch (error) {
    if (error instanceof Stop) {
      const { reason, file, detail } = error;
      return { kind: 'invalid', reason, file, detail };
    }
    throw error;
  }
}

function check(input: TrustDataInput, now: Date): TrustDataVerdict {
  const { dialect, seen = {} } = input;
  const { root, how } = trustedRoot(input);
  const used: TufMetadata[] = [root];
  if ((seen.root ?? 0) > root.version) throw new Stop('rollback', 'root.json', `version ${root.version} is older`);
  notExpired(root, 'root.json', now);
  let lastSigners: readonly string[] = [];
  const load = (role: 'timestamp' | 'snapshot' | 'targets', meta?: TufMeta): TufMetadata => {
    const file = fileOf(input, role, meta);
    const metadata = readFile(input, file, role, meta);
    lastSigners = demandThreshold(dialect, metadata, roleOf(root, role), root.keys, file);
    if ((seen[role] ?? 0) > metadata.version) {
      throw new Stop('rollback', file, `version ${metadata.version} is older than ${seen[role]}, which was seen`);
    }
    notExpired(metadata, file, now);
    used.push(metadata);
    return metadata;
  };
  const timestamp = load('timestamp');
  const snapshot = load('snapshot', metaOf(timestamp, 'snapshot', 'timestamp.json'));
  const top = load('targets', metaOf(snapshot, 'targets', 'snapshot.json'));
  const targets = [...collect(input, snapshot, top, lastSigners, now, used)];
  const expires = new Date(Math.min(...used.map((one) => one.expires.getTime())));
  const versions = {
    root: root.version,
    timestamp: timestamp.version,
    snapshot: snapshot.version,
    targets: top.version,
  };
  return { kind: 'valid', versions, expires, targets, root: how };
}

/** From the pinned root over each newer one, each signed by the one before it and by itself (section 5.3). */
function trustedRoot(input: TrustDataInput): { readonly root: TufMetadata; readonly how: 'pinned' | 'first-use' } {
  const { dialect, files, pinnedRoot, pinnedRootKeys } = input;
  const rootRole = (root: TufMetadata): TufRole => roleOf(root, 'root');
  const given = pinnedRoot ?? files.get('root.json') ?? files.get('1.root.json');
  if (given === undefined) throw new Stop('missing', 'root.json', 'there is no root');
  let root = parse(given, dialect, 'root.json', 'root');
  demandThreshold(dialect, root, rootRole(root), root.keys, 'root.json', 'root-untrusted');
  if (pinnedRoot === undefined && pinnedRootKeys !== undefined) {
    const trusted = rootRole(root).keyIds.some(
      (id) => pinnedRootKeys.includes(id) && signers(dialect, root, [id], root.keys).length > 0,
    );
    if (!trusted) throw new Stop('root-untrusted', 'root.json', 'none of the pinned keys signed the root');
  }
  for (let step = 0; ; step++) {
    const next = nextRoot(files, root);
    if (next === undefined) break;
    if (step >= MAX_ROOTS) throw new Stop('malformed', next.file, `there are over ${MAX_ROOTS} roots`);
    const newer = parse(next.bytes, dialect, next.file, 'root');
    demandThreshold(dialect, newer, rootRole(root), root.keys, next.file, 'root-untrusted');
    demandThreshold(dialect, newer, rootRole(newer), newer.keys, next.file, 'root-untrusted');
    // Notary's own server keeps the newest root only, so versions may be left out there.
    const follows = dialect === 'tuf' ? newer.version === root.version + 1 : newer.version > root.version;
    if (!follows) throw new Stop('rollback', next.file, `version ${newer.version} after ${root.version}`);
    root = newer;
  }
  return { root, how: pinnedRoot === undefined && pinnedRootKeys === undefined ? 'first-use' : 'pinned' };
}

function nextRoot(
  files: ReadonlyMap<string, Uint8Array>,
  root: TufMetadata,
): { readonly file: string; readonly bytes: Uint8Array } | undefined {
  const numbered = `${root.version + 1}.root.json`;
  const bytes = files.get(numbered);
  if (bytes !== undefined) return { file: numbered, bytes };
  const latest = files.get('root.json');
  if (latest === undefined) return undefined;
  const version = /"version"\s*:\s*(\d+)/.exec(Buffer.from(latest).toString('latin1'))?.[1];
  return version !== undefined && Number(version) > root.version ? { file: 'root.json', bytes: latest } : undefined;
}

function parse(bytes: Uint8Array, dialect: TufDialect, file: string, type: TufMetadata['type']): TufMetadata {
  try {
    const metadata = parseTufMetadata(bytes, dialect);
    if (metadata.type === type) return metadata;
    throw new Stop('malformed', file, `it is of the type ${metadata.type}`);
  } catch (error) {
    if (isLadingError(error)) throw new Stop('malformed', file, error.message);
    throw error;
  }
}

function roleOf(root: TufMetadata, name: string): TufRole {
  const role = root.roles.get(name);
  if (role === undefined) throw new Stop('malformed', 'root.json', `it does not say who signs for ${name}`);
  return role;
}

const metaOf = (metadata: TufMetadata, name: string, file: string): TufMeta => {
  const meta = metadata.meta.get(`${name}.json`) ?? metadata.meta.get(name);
  if (meta === undefined) throw new Stop('mix-and-match', file, `it does not name ${name}`);
  return meta;
};

/** Consistent snapshots put the version before the name (section 6). */
function fileOf({ files }: TrustDataInput, role: string, meta: TufMeta | undefined): string {
  const numbered = meta?.version === undefined ? undefined : `${meta.version}.${role}.json`;
  return numbered !== undefined && files.has(numbered) ? numbered : `${role}.json`;
}

function readFile(input: TrustDataInput, file: string, type: TufMetadata['type'], meta?: TufMeta): TufMetadata {
  const bytes = input.files.get(file);
  if (bytes === undefined) throw new Stop('missing', file, 'the file is not there');
  if (meta?.length !== undefined && meta.length !== bytes.length) {
    throw new Stop('mix-and-match', file, `it has ${bytes.length} bytes, not ${meta.length}`);
  }
  for (const [algorithm, hash] of meta?.hashes ?? []) {
    if (
      (algorithm === 'sha256' || algorithm === 'sha512') &&
      createHash(algorithm).update(bytes).digest('hex') !== hash
    ) {
      throw new Stop('mix-and-match', file, `its ${algorithm} is another`);
    }
  }
  const metadata = parse(bytes, input.dialect, file, type);
  if (meta?.version !== undefined && meta.version !== metadata.version) {
    throw new Stop('mix-and-match', file, `it has the version ${metadata.version}, not ${meta.version}`);
  }
  return metadata;
}

function notExpired(metadata: TufMetadata, file: string, now: Date): void {
  if (metadata.expires <= now) throw new Stop('expired', file, `it expired at ${metadata.expires.toISOString()}`);
}

/** The different keys that signed: one that stands under two identifiers counts once. */
function signers(
  dialect: TufDialect,
  metadata: TufMetadata,
  keyIds: readonly string[],
  keys: ReadonlyMap<string, TufKey>,
): readonly string[] {
  const found = new Map<string, string>();
  for (const { keyId, signature } of metadata.signatures) {
    const key = keyIds.includes(keyId) ? keys.get(keyId) : undefined;
    if (key === undefined || found.has(key.public)) continue;
    if (tufKeyVerifies(dialect, key, metadata.signedBytes, signature)) found.set(key.public, keyId);
  }
  return [...found.values()];
}

function demandThreshold(
  dialect: TufDialect,
  metadata: TufMetadata,
  role: TufRole,
  keys: ReadonlyMap<string, TufKey>,
  file: string,
  reason: TrustDataFault = 'threshold-not-met',
): readonly string[] {
  const by = signers(dialect, metadata, role.keyIds, keys);
  if (by.length >= role.threshold) return by;
  throw new Stop(reason, file, `${by.length} of ${role.threshold} keys signed it`);
}

/** What targets sign, and those to whom they delegate, for as far as they do (section 5.6.7, "pre-order depth-first"). */
function* collect(
  input: TrustDataInput,
  snapshot: TufMetadata,
  top: TufMetadata,
  topSigners: readonly string[],
  now: Date,
  used: TufMetadata[],
): Generator<SignedTarget> {
  const { dialect } = input;
  const seen = new Set(['targets']);
  const visit = function* (
    metadata: TufMetadata,
    role: string,
    signedBy: readonly string[],
    allowed: (name: string) => boolean,
    depth: number,
  ): Generator<SignedTarget> {
    for (const [name, target] of metadata.targets) if (allowed(name)) yield { ...target, name, role, signedBy };
    if (depth >= MAX_DEPTH) return;
    for (const delegation of metadata.delegations) {
      if (seen.has(delegation.name) || seen.size >= MAX_ROLES) continue;
      seen.add(delegation.name);
      const meta = snapshot.meta.get(`${delegation.name}.json`) ?? snapshot.meta.get(delegation.name);
      // A delegation to which nothing was ever published is no fault.
      if (meta === undefined) continue;
      const file = fileOf(input, delegation.name, meta);
      const delegated = readFile(input, file, 'targets', meta);
      const by = demandThreshold(dialect, delegated, delegation, metadata.keys, file);
      notExpired(delegated, file, now);
      used.push(delegated);
      const within = (name: string): boolean => allowed(name) && matchesPaths(dialect, delegation.paths, name);
      yield* visit(delegated, delegation.name, by, within, depth + 1);
    }
  };
  yield* visit(top, 'targets', topSigners, () => true, 0);
}

/** Notary takes paths for prefixes, with the empty one for everything; The Update Framework for patterns with `*`. */
function matchesPaths(dialect: TufDialect, paths: readonly string[], name: string): boolean {
  if (dialect === 'notary') return paths.some((path) => name.startsWith(path));
  return paths.some((path) => {
    const [head = '', ...rest] = path.split('*');
    if (rest.length === 0) return path === name;
    const tail = rest.at(-1) ?? '';
    const middle = name.slice(head.length, name.length - tail.length);
    const isShort = rest.length === 1 && name.length >= head.length + tail.length;
    return isShort && name.startsWith(head) && name.endsWith(tail) && !middle.includes('/');
  });
}
