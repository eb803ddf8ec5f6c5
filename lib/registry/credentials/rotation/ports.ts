import type { RegistryCredentials } from '../../ports.ts';

/** Stages of a secret's versions: Secrets Manager's own three, and one for what did not work. */
export type Stage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS' | 'lading-refused';

export interface SecretState {
  /** Ids of the versions by stage. */
  readonly versions: Readonly<Partial<Record<Stage, string>>>;
  /** The last change of any kind, a moved stage among them. */
  readonly changedAt: Date;
}

export interface SecretVersions {
  /** @throws LadingError `credentials-unavailable` where there is no such secret */
  describe(secret: string): Promise<SecretState>;
  textOf(secret: string, version: string): Promise<string | undefined>;
}

/** Each call is one conditional write. */
export interface SecretVersionWriter {
  /** Stores a pending version under the id; false where that id holds another text already. */
  putPending(secret: string, id: string, text: string): Promise<boolean>;
  /** Moves a stage; false where it was not at `from`, because somebody else moved it. */
  move(
    secret: string,
    stage: Stage,
    versions: { readonly from?: string | undefined; readonly to?: string | undefined },
  ): Promise<boolean>;
}

/** A token as a registry made it, or as it will be told to have it. */
export interface MintedToken {
  /** Under which the registry knows it. It is no secret. */
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly expiresAt?: Date | undefined;
}

/** A registry that mints tokens. Each call may be repeated after it was lost. */
export interface TokenIssuer {
  /**
   * A token beside the one that is in use, which stays as it is. Where the registry takes a secret of our choice, it is
   * only chosen here.
   */
  mint(inUse: { readonly id?: string | undefined; readonly username?: string | undefined }): Promise<MintedToken>;
  /** Has the registry take what `mint` chose; nothing where it made the token itself. */
  activate(token: MintedToken): Promise<void>;
  /** The token opens nothing from then on. One that is gone is no error. */
  withdraw(id: string): Promise<void>;
  /** All tokens that were minted for this secret and that the registry still holds; none where accounts stay. */
  list(): Promise<readonly { readonly id: string; readonly issuedAt: Date }[]>;
}

export interface CredentialTest {
  /**
   * Whether the registry takes them.
   *
   * @throws LadingError where that cannot be told now
   */
  works(credentials: RegistryCredentials): Promise<boolean>;
}

export interface RotationLease {
  /**
   * Lets one run at a time work on a secret, for as long as a run can last; undefined while another does. A registry
   * that gives an account a new token by a single call cannot keep two runs apart.
   */
  take(secret: string): Promise<{ release(): Promise<void> } | undefined>;
}
