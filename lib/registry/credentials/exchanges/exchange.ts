import type { Clock } from '../../../core/clock.ts';
import type { RegistryCredentials } from '../../ports.ts';
import type { AwsIdentity, SecretReader, TokenServices, WorkloadTokens } from '../ports.ts';

/** What an exchange may ask for its proof and of whom. */
export interface ExchangePorts {
  readonly secrets: SecretReader;
  readonly services: TokenServices;
  readonly workload: WorkloadTokens;
  readonly aws: AwsIdentity;
  readonly clock: Clock;
}

export interface Exchanged {
  readonly credentials: RegistryCredentials;
  readonly expiresAt: Date;
}

/** Where a service does not say how long its token holds, it is taken for so long. Milliseconds. */
const UNTOLD_MS = 5 * 60 * 1000;

export const endOf = (clock: Clock, seconds: number | undefined): Date =>
  new Date(clock.now().getTime() + (seconds === undefined ? UNTOLD_MS : seconds * 1000));
