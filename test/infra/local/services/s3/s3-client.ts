import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { openS3Service, type S3Service } from '../../../../../infra/local/services/s3/index.ts';
import type { RequiredPermission } from '../../../../../infra/local/services/service.ts';
import { type Clock, systemClock } from '../../../../../lib/core/clock.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../../../support/service-server.ts';

const REGION = 'eu-central-1';

/** A local S3 on a folder of its own, with an unmodified SDK client. */
export interface S3Bench {
  readonly directory: string;
  readonly service: S3Service;
  readonly server: ServiceServer;
  readonly client: S3Client;
  connect(config?: Partial<S3ClientConfig>): S3Client;
  /** Closes the service and opens it again on the same folder, with a new client. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startS3(
  options: {
    readonly clock?: Clock;
    readonly allow?: (principal: string | undefined, permission: RequiredPermission) => boolean;
  } = {},
): Promise<S3Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'lading-s3-'));
  const clients: S3Client[] = [];
  const open = () => openS3Service({ directory, clock: options.clock ?? systemClock });
  const serve = (service: S3Service) =>
    startServiceServer({ services: [service], ...(options.allow ? { allow: options.allow } : {}) });
  let service = await open();
  let server = await serve(service);
  const connect = (config: Partial<S3ClientConfig> = {}): S3Client => {
    const client = new S3Client({
      region: REGION,
      endpoint: server.endpoint,
      credentials: credentialsOf(),
      maxAttempts: 1,
      ...config,
    });
    clients.push(client);
    return client;
  };
  let client = connect();
  return {
    directory,
    get service() {
      return service;
    },
    get server() {
      return server;
    },
    get client() {
      return client;
    },
    connect,
    restart: async () => {
      await server.stop();
      await service.close();
      service = await open();
      server = await serve(service);
      client = connect();
    },
    stop: async () => {
      for (const one of clients) one.destroy();
      await server.stop();
      await service.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The error of a call that must fail: its name and HTTP status. */
export async function failure(
  call: Promise<unknown>,
): Promise<{ name: string; status: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }) : {};
    return { name: error.name, status: metadata.httpStatusCode, message: error.message };
  }
  throw new Error('the call succeeded');
}

/** Headers of a request without the SDK; signatures are the facade's concern, the scope is what routes. */
export const signed = (region = REGION): Record<string, string> => ({
  authorization: `AWS4-HMAC-SHA256 Credential=developer/20260101/${region}/s3/aws4_request, SignedHeaders=host, Signature=0`,
  'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
});

/** Sends the beginning of a PUT, then breaks the connection. */
export const cutOff = (
  bench: S3Bench,
  path: string,
  headers: Readonly<Record<string, string>>,
  start: Uint8Array,
): Promise<void> =>
  new Promise((resolve) => {
    const put = request(`${bench.server.endpoint}${path}`, { method: 'PUT', headers: { ...signed(), ...headers } });
    put.on('error', () => undefined);
    put.on('close', () => resolve());
    put.write(start, () => setTimeout(() => put.destroy(), 20));
  });
