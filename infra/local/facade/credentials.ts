import { randomBytes } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The key that people and tools on this machine use. It may do everything. */
export const DEVELOPER_KEY = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

export type Caller = { readonly kind: 'developer' } | { readonly kind: 'role'; readonly name: string };

/** Access keys of the roles, made anew at every start: a key id tells who calls. */
export class CredentialBook {
  readonly #byRole = new Map<string, Credentials>();
  readonly #roles = new Map<string, string>();

  /** The keys of a role, the same at every asking. */
  issue(role: string): Credentials {
    const known = this.#byRole.get(role);
    if (known !== undefined) return known;
    const credentials: Credentials = {
      // The shape of a temporary key: AKIA and ASIA are told apart by some tools.
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(30).toString('base64'),
    };
    this.#byRole.set(role, credentials);
    this.#roles.set(credentials.accessKeyId, role);
    return credentials;
  }

  caller(accessKeyId: string): Caller | undefined {
    if (accessKeyId === DEVELOPER_KEY.accessKeyId) return { kind: 'developer' };
    const name = this.#roles.get(accessKeyId);
    return name === undefined ? undefined : { kind: 'role', name };
  }
}
