import type { Clock } from '../../../core/clock.ts';
import type { RotationConfig } from '../../credentials/model.ts';
import type { SecretReader } from '../../credentials/ports.ts';
import type { SecretVersions, SecretVersionWriter } from '../../credentials/rotation/ports.ts';
import type { RotationPorts } from '../../credentials/rotation/rotate-credentials.ts';
import { type RegistryEntry, rotatedSecret } from '../../model.ts';
import { connectionOf } from '../open-entries.ts';
import { createIssuer } from './issuers/create-issuer.ts';
import { credentialTest } from './probe-registry.ts';

export interface OpenedRotation {
  readonly secret: string;
  readonly rotation: RotationConfig;
  readonly ports: Pick<RotationPorts, 'versions' | 'issuer' | 'test' | 'clock'>;
}

/** What it takes to rotate the credentials of an entry; undefined where that is not asked for. */
export function openRotation(
  entry: RegistryEntry,
  dependencies: {
    readonly versions: SecretVersions & SecretVersionWriter;
    readonly secrets: SecretReader;
    readonly clock: Clock;
  },
): OpenedRotation | undefined {
  if (entry.kind === 'ecr' || entry.rotation === undefined) return undefined;
  const secret = rotatedSecret(entry);
  if (secret === undefined) return undefined;
  const { versions, secrets, clock } = dependencies;
  const connection = connectionOf(entry, undefined);
  const { allowInsecure, allowPrivate } = entry;
  const service = { allowInsecure, allowPrivate };
  const issuer = createIssuer(entry.rotation.issuer, { secret, registry: connection.url, secrets, clock, service });
  return {
    secret,
    rotation: entry.rotation,
    ports: { versions, issuer, test: credentialTest({ ...connection, clock }), clock },
  };
}
