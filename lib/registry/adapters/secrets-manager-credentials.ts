import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { type Clock, systemClock } from '../../core/clock.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { registryError } from '../errors.ts';
import type { CredentialSource, RegistryCredentials } from '../ports.ts';

const secretSchema = z.union([
  z.object({ username: z.string().min(1), password: z.string().min(1) }),
  z.object({ token: z.string().min(1) }),
]);

/** How long a secret is kept before it is read again, in milliseconds: a rotation is followed within this time. */
const KEEP_MS = 5 * 60 * 1000;

/** Credentials out of Secrets Manager: a secret holds JSON, `{"username","password"}` or `{"token"}`. */
export function secretsManagerCredentials(client: SecretsManagerClient, clock: Clock = systemClock): CredentialSource {
  const kept = new Map<string, { readonly at: number; readonly credentials: Promise<RegistryCredentials> }>();
  return {
    credentialsOf(secret) {
      const now = clock.now().getTime();
      const known = kept.get(secret);
      if (known !== undefined && now - known.at < KEEP_MS) return known.credentials;
      const credentials = readSecret(client, secret);
      kept.set(secret, { at: now, credentials });
      credentials.catch(() => kept.delete(secret));
      return credentials;
    },
  };
}

async function readSecret(client: SecretsManagerClient, secret: string): Promise<RegistryCredentials> {
  let text: string | undefined;
  try {
    text = (await client.send(new GetSecretValueCommand({ SecretId: secret }))).SecretString;
  } catch (error) {
    const why = error instanceof Error ? error.name : String(error);
    throw registryError('registry-denied', `the secret "${secret}" cannot be read (${why})`, { cause: error });
  }
  try {
    const value = secretSchema.parse(parseJsonStrict(text ?? '', { maxBytes: 64 * 1024, what: 'the secret' }));
    return 'token' in value ? { kind: 'bearer', ...value } : { kind: 'basic', ...value };
  } catch {
    // Without a cause: the parser's message could quote the secret.
    throw registryError('registry-denied', `the secret "${secret}" holds no credentials`, {
      hint: 'it must be JSON with username and password, or token',
    });
  }
}
