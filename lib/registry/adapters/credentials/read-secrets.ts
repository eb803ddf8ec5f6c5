import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { callJson, type JsonCall } from '../../../aws/json-call.ts';
import { LadingError } from '../../../core/errors.ts';
import { describeSource } from '../../credentials/describe-source.ts';
import type { SecretSource } from '../../credentials/model.ts';
import type { SecretReader } from '../../credentials/ports.ts';

export interface SecretReaderOptions {
  readonly secretsManager?: () => SecretsManagerClient;
  /** How the Parameter Store is reached. @default as the SDK would */
  readonly parameters?: Pick<JsonCall, 'endpoint' | 'region' | 'credentials'>;
  /** The environment of a program at a desk or in a CI job. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const parameterSchema = z.object({ Parameter: z.object({ Value: z.string() }) });

/** Reads secrets from where they are kept. What is not given here cannot be read, and says so. */
export function createSecretReader(options: SecretReaderOptions): SecretReader {
  return {
    async read(source) {
      const text = await readText(source, options);
      if (text !== undefined && text !== '') return text;
      throw unavailable(source, 'it is not there, or empty');
    },
  };
}

async function readText(source: SecretSource, options: SecretReaderOptions): Promise<string | undefined> {
  try {
    if ('secret' in source) {
      const client = options.secretsManager?.();
      if (client === undefined) throw unavailable(source, 'nothing here reads Secrets Manager');
      return (await client.send(new GetSecretValueCommand({ SecretId: source.secret }))).SecretString;
    }
    if ('parameter' in source) {
      const input = { Name: source.parameter, WithDecryption: true };
      const answer = await callJson({ service: 'ssm', target: 'AmazonSSM.GetParameter', input, ...options.parameters });
      return parameterSchema.parse(answer).Parameter.Value;
    }
  } catch (error) {
    if (error instanceof LadingError && error.code === 'credentials-unavailable') throw error;
    const why = error instanceof LadingError ? error.code : error instanceof Error ? error.name : 'for no reason given';
    throw unavailable(source, why, error);
  }
  if (options.environment === undefined) throw unavailable(source, 'a function has no environment of yours');
  // A name of every object, such as `toString`, is no variable.
  return Object.hasOwn(options.environment, source.variable) ? options.environment[source.variable] : undefined;
}

/** What may pass by itself. The rest needs somebody to mend it. */
const PASSING =
  /Throttl|TooManyRequests|InternalService|InternalServer|Timeout|ServiceUnavailable|ECONN|Network|aws-unreachable/i;

const unavailable = (source: SecretSource, why: string, cause?: unknown): LadingError =>
  new LadingError('credentials-unavailable', `${describeSource(source)} cannot be read (${why})`, {
    ...(cause === undefined ? {} : { cause }),
    retryable: PASSING.test(why),
  });
