import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';

const perSource = z.record(z.string(), z.union([z.string().min(16), z.array(z.string().min(16)).min(1)]));

/** A rotation is followed within this time, in milliseconds. */
const KEEP_MS = 60_000;

/**
 * The secrets of webhook sources out of one secret: its text is the secret of every source, or it is JSON that gives
 * each source its own, as a text or (while it is rotated) as a list.
 */
export function secretsManagerWebhookSecrets(
  client: SecretsManagerClient,
  secretId: string,
  clock: Clock,
): (source: string) => Promise<readonly string[]> {
  let kept: { readonly at: number; readonly text: Promise<string> } | undefined;
  const read = (): Promise<string> => {
    const now = clock.now().getTime();
    if (kept && now - kept.at < KEEP_MS) return kept.text;
    const text = client.send(new GetSecretValueCommand({ SecretId: secretId })).then((got) => got.SecretString ?? '');
    text.catch(() => {
      kept = undefined;
    });
    kept = { at: now, text };
    return text;
  };
  return async (source) => {
    const text = await read();
    if (!text.startsWith('{')) return text.length >= 16 ? [text] : [];
    const secrets = new Map(Object.entries(perSource.parse(JSON.parse(text)))).get(source) ?? [];
    return typeof secrets === 'string' ? [secrets] : secrets;
  };
}
