import { setTimeout } from 'node:timers/promises';
import type { z } from 'zod';
import { dynamoClient, eventBridgeClient, s3Client } from '../../lib/aws/clients.ts';
import { readEnvironment, requireEnvironment } from '../../lib/aws/environment.ts';
import { eventBridgePublisher } from '../../lib/aws/event-publisher.ts';
import { createTable, type Table } from '../../lib/aws/table.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { unpackText } from '../../lib/core/packed-text.ts';
import { s3Documents } from '../../lib/documents/adapters/s3-documents.ts';
import type { DocumentStore } from '../../lib/documents/index.ts';
import type { EventPublisher } from '../../lib/events/index.ts';
import {
  createArchiveCollector,
  createBlobPacker,
  createBucketRegistry,
} from '../../lib/registry/adapters/bucket-registry.ts';
import type { Registry } from '../../lib/registry/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import type { StagePorts } from '../../lib/work/index.ts';
import { type BucketName, environmentName, type SecretName, type SettingName, type TableName } from './function.ts';

/*
 * How handlers get their ports. A function declares what it uses in its function.ts; asking here for something that
 * it did not declare fails with the name of the variable.
 */

export const tableName = (name: TableName): string => requireEnvironment(environmentName.table(name));

export const table = (name: TableName): Table => createTable(dynamoClient(), tableName(name));

export const documents = (bucket: BucketName): DocumentStore =>
  s3Documents(s3Client(), requireEnvironment(environmentName.bucket(bucket)));

const imagesIn = (name: BucketName) => ({
  client: s3Client(),
  bucket: requireEnvironment(environmentName.bucket(name)),
  prefix: 'images/',
});

/** The registry in a bucket, by the name of the bucket. */
export const bucketRegistry = (name: BucketName): Registry => createBucketRegistry({ ...imagesIn(name), host: name });

/** Deletes what nothing in the registry in a bucket names. */
export const bucketCollector = (name: BucketName) => createArchiveCollector(imagesIn(name));

/** Stores blobs of the registry in a bucket in less room. */
export const bucketPacker = (name: BucketName, packing: Parameters<typeof createBlobPacker>[1]) =>
  createBlobPacker(imagesIn(name), packing);

export const publisher = (): EventPublisher =>
  eventBridgePublisher(eventBridgeClient(), requireEnvironment(environmentName.bus()));

export const stagePorts = (): StagePorts => ({
  ledger: dynamoLedger(table('work'), systemClock),
  publisher: publisher(),
  clock: systemClock,
  patience: { totalMs: 3_000, pause: async (ms) => void (await setTimeout(ms)) },
});

export const signingKeyId = (): string => requireEnvironment(environmentName.key('signing'));

/** `undefined` where the configuration has no such key. */
export const postQuantumKeyId = (): string | undefined => readEnvironment(environmentName.key('postQuantum'));

export const secretId = (name: SecretName): string => requireEnvironment(environmentName.secret(name));

/** @throws LadingError `setting-invalid` naming the path, when the deployed configuration does not fit this version */
export function setting<Schema extends z.ZodType>(name: SettingName, schema: Schema): z.infer<Schema> {
  const variable = environmentName.setting(name);
  const parsed = schema.safeParse(parseJsonStrict(unpackText(requireEnvironment(variable)), { what: variable }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LadingError('setting-invalid', `${variable} at "${issue?.path.join('.')}": ${issue?.message}`, {
    hint: 'configuration and code are of different versions; deploy the stack again',
  });
}
