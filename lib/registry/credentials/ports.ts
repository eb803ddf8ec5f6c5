import type { RegistryCredentials } from '../ports.ts';
import type { AwsRole, SecretSource, WorkloadToken } from './model.ts';

/** Reads the text of a secret, anew each time. Errors name the source and never quote what it holds. */
export interface SecretReader {
  /** @throws LadingError `credentials-unavailable` */
  read(source: SecretSource): Promise<string>;
}

/** What is asked of a service that gives out tokens. Values of headers are checked by whoever sends it. */
export interface TokenRequest {
  readonly url: URL;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TokenServices {
  /**
   * Posts to the URL, to its host and no other, over https (or as the registry's entry allows), follows no redirect and
   * reads no more than 1 MiB. Gives the JSON of an answer of 200 or 201.
   *
   * @throws LadingError `registry-denied` for 400, 401 and 403; `registry-unavailable`, `registry-protocol`,
   * `address-blocked`
   */
  post(request: TokenRequest): Promise<unknown>;
}

export interface WorkloadTokens {
  /** @throws LadingError `credentials-unavailable` */
  tokenOf(source: WorkloadToken): Promise<string>;
}

/** The identity that we have at AWS, where other services take it for a proof. */
export interface AwsIdentity {
  /**
   * A signed request for `GetCallerIdentity` that is sent by somebody else: whoever holds it can ask AWS who signed it.
   *
   * @param resource goes into the signature, so that it is of no use elsewhere
   */
  callerProof(resource: string): Promise<string>;
  /** The password of the user `AWS` at ECR's public gallery. */
  ecrPublicPassword(role: AwsRole | undefined): Promise<{ readonly password: string; readonly expiresAt: Date }>;
}

/** The logins that this machine keeps. */
export interface MachineLogins {
  loginOf(host: string): Promise<RegistryCredentials>;
}

/** Tells when a secret was changed, as far as somebody noted it: then it is read before its time. */
export interface SecretChanges {
  /** A mark that differs after each change; undefined where none was noted. */
  markOf(source: SecretSource): Promise<string | undefined>;
}
