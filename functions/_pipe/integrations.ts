import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { secretsClient } from '../../lib/aws/clients.ts';
import { secretId } from './wiring.ts';

const tokensSchema = z.record(z.string(), z.string());
const FRESH_MS = 5 * 60_000;

let read: { readonly at: number; readonly tokens: ReadonlyMap<string, string> } | undefined;

/**
 * A token out of the secret `integrations`, a JSON object of names and texts. As the stack makes it, it is a random text
 * and holds none.
 */
export async function integrationToken(name: string): Promise<string | undefined> {
  if (read === undefined || Date.now() - read.at > FRESH_MS) {
    const { SecretString } = await secretsClient().send(
      new GetSecretValueCommand({ SecretId: secretId('integrations') }),
    );
    read = { at: Date.now(), tokens: parseTokens(SecretString ?? '') };
  }
  return read.tokens.get(name);
}

function parseTokens(text: string): ReadonlyMap<string, string> {
  try {
    return new Map(Object.entries(tokensSchema.parse(JSON.parse(text))));
  } catch {
    return new Map();
  }
}
