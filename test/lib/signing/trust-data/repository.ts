import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { canonicalOlpc, type TufDialect } from '../../../../lib/formats/tuf/index.ts';

/** A key of one of the roles. */
export interface RoleKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly entry: { readonly keytype: string; readonly scheme?: string; readonly keyval: { readonly public: string } };
}

export function newRoleKey(dialect: TufDialect, type: 'ecdsa' | 'ed25519' | 'rsa' = 'ecdsa'): RoleKey {
  const { privateKey, publicKey } =
    type === 'ecdsa'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ed25519');
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const raw = der.subarray(der.length - 32);
  const text =
    dialect === 'tuf'
      ? type === 'ed25519'
        ? raw.toString('hex')
        : pem
      : (type === 'ed25519' ? raw : der).toString('base64');
  const entry = { keytype: type, keyval: { public: text } };
  return { id: createHash('sha256').update(canonicalOlpc(entry)).digest('hex'), privateKey, entry };
}

export interface Signed {
  readonly _type: string;
  readonly version: number;
  readonly expires: string;
  readonly [member: string]: unknown;
}

/** Signs as the dialect does, and gives the file. */
export function signMetadata(dialect: TufDialect, signed: Signed, keys: readonly RoleKey[]): Uint8Array {
  const message = Buffer.from(canonicalOlpc(signed));
  const signatures = keys.map(({ id, privateKey }) => {
    const type = privateKey.asymmetricKeyType;
    const hash = type === 'ed25519' ? undefined : 'sha256';
    const options =
      type === 'rsa'
        ? { key: privateKey, padding: 6, saltLength: 32 }
        : { key: privateKey, dsaEncoding: dialect === 'tuf' ? ('der' as const) : ('ieee-p1363' as const) };
    const signature = sign(hash, message, options);
    return { keyid: id, sig: signature.toString(dialect === 'tuf' ? 'hex' : 'base64') };
  });
  return Buffer.from(JSON.stringify({ signed, signatures }));
}

export const keysOf = (keys: readonly RoleKey[]) => Object.fromEntries(keys.map(({ id, entry }) => [id, entry]));
export const roleOf = (keys: readonly RoleKey[], threshold = 1) => ({ keyids: keys.map(({ id }) => id), threshold });

export const FUTURE = '2027-01-01T00:00:00Z';

/** What one file says of another. */
export function metaOf(dialect: TufDialect, content: Uint8Array, version: number) {
  const hash = createHash('sha256').update(content).digest();
  const hashes = { sha256: hash.toString(dialect === 'tuf' ? 'hex' : 'base64') };
  return dialect === 'tuf' ? { version, length: content.length, hashes } : { length: content.length, hashes };
}

/** Keys of every role, and how to publish with them. */
export function newRepository(dialect: TufDialect) {
  const keys = {
    root: [newRoleKey(dialect), newRoleKey(dialect, dialect === 'tuf' ? 'ecdsa' : 'rsa')],
    timestamp: [newRoleKey(dialect, 'ed25519')],
    snapshot: [newRoleKey(dialect)],
    targets: [newRoleKey(dialect)],
    releases: [newRoleKey(dialect)],
  };
  const suffix = dialect === 'tuf' ? '.json' : '';
  const name = (role: string) => (dialect === 'tuf' ? role : role[0]?.toUpperCase() + role.slice(1));
  const root = (version = 1, change: Partial<Signed> = {}, signers = keys.root) =>
    signMetadata(
      dialect,
      {
        _type: name('root'),
        version,
        expires: FUTURE,
        consistent_snapshot: false,
        keys: keysOf([...keys.root, ...keys.timestamp, ...keys.snapshot, ...keys.targets]),
        roles: {
          root: roleOf(keys.root),
          timestamp: roleOf(keys.timestamp),
          snapshot: roleOf(keys.snapshot),
          targets: roleOf(keys.targets),
        },
        ...change,
      },
      signers,
    );
  const hashed = (digest: string) => ({
    length: 100,
    hashes: { sha256: Buffer.from(digest, 'hex').toString(dialect === 'tuf' ? 'hex' : 'base64') },
  });
  /** All files of one state: two targets, one of them by a delegation. */
  const publish = (version = 1, change: Readonly<Record<string, Partial<Signed>>> = {}) => {
    const delegated = signMetadata(
      dialect,
      {
        _type: name('targets'),
        version,
        expires: FUTURE,
        targets: { 'rel-2': hashed('b'.repeat(64)), other: hashed('c'.repeat(64)) },
        ...change['releases'],
      },
      keys.releases,
    );
    const targets = signMetadata(
      dialect,
      {
        _type: name('targets'),
        version,
        expires: FUTURE,
        targets: { 'rel-1': hashed('a'.repeat(64)) },
        delegations: {
          keys: keysOf(keys.releases),
          roles: [
            {
              name: 'targets/releases',
              paths: [dialect === 'tuf' ? 'rel-*' : 'rel'],
              terminating: false,
              ...roleOf(keys.releases),
            },
          ],
        },
        ...change['targets'],
      },
      keys.targets,
    );
    const snapshot = signMetadata(
      dialect,
      {
        _type: name('snapshot'),
        version,
        expires: FUTURE,
        meta: {
          [`targets${suffix}`]: metaOf(dialect, targets, version),
          [`targets/releases${suffix}`]: metaOf(dialect, delegated, version),
        },
        ...change['snapshot'],
      },
      keys.snapshot,
    );
    const timestamp = signMetadata(
      dialect,
      {
        _type: name('timestamp'),
        version,
        expires: FUTURE,
        meta: { [`snapshot${suffix}`]: metaOf(dialect, snapshot, version) },
        ...change['timestamp'],
      },
      keys.timestamp,
    );
    return new Map<string, Uint8Array>([
      ['root.json', root(1, change['root'])],
      ['timestamp.json', timestamp],
      ['snapshot.json', snapshot],
      ['targets.json', targets],
      ['targets/releases.json', delegated],
    ]);
  };
  return { keys, root, publish };
}
