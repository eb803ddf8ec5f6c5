import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openS3Service } from '../../../../../infra/local/services/s3/index.ts';
import { credentialsOf, startServiceServer } from '../../../../support/service-server.ts';

interface Acknowledged {
  readonly Key: string;
  readonly VersionId: string;
  readonly hash: string;
}

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lading-s3-crash-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs the writer until it acknowledged `count` writes, then kills it as hard as can be. */
function writeUntilKilled(round: number, count: number): Promise<Acknowledged[]> {
  const script = new URL('crash-writer.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directory, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: Acknowledged[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    acknowledged.push(JSON.parse(line));
    if (acknowledged.length === count) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(acknowledged);
      else reject(new Error('the writer ended by itself'));
    });
  });
}

describe('after kill -9', () => {
  it('every acknowledged version is whole, and so is everything else that is listed', async () => {
    const acknowledged: Acknowledged[] = [];
    for (const [round, count] of [37, 5, 90].entries()) acknowledged.push(...(await writeUntilKilled(round, count)));
    expect(acknowledged.length).toBeGreaterThanOrEqual(132);

    const service = await openS3Service({ directory });
    const server = await startServiceServer({ services: [service] });
    const client = new S3Client({ region: 'eu-central-1', endpoint: server.endpoint, credentials: credentialsOf() });
    const read = async (Key: string, VersionId: string): Promise<string> => {
      // The SDK compares the checksum that was stored with the bytes that come.
      const got = await client.send(new GetObjectCommand({ Bucket: 'docs', Key, VersionId }));
      expect(got.ChecksumCRC32).toBeDefined();
      const body = (await got.Body?.transformToByteArray()) ?? new Uint8Array();
      expect(body.length).toBe(got.ContentLength);
      return createHash('sha256').update(body).digest('hex');
    };
    try {
      for (const { Key, VersionId, hash } of acknowledged) expect(await read(Key, VersionId)).toBe(hash);
      const { Versions = [], IsTruncated } = await client.send(new ListObjectVersionsCommand({ Bucket: 'docs' }));
      expect(IsTruncated).toBe(false);
      expect(Versions.length).toBeGreaterThanOrEqual(acknowledged.length);
      for (const { Key, VersionId } of Versions) await read(Key ?? '', VersionId ?? '');
      // What was half written is gone from the disk too.
      expect(await readdir(join(directory, 'data'))).toHaveLength(Versions.length);
    } finally {
      client.destroy();
      await server.stop();
      await service.close();
    }
  });
});
