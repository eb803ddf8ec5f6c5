/**
 * Writes objects without end until it is killed, and tells of each one that was acknowledged. Run by the crash test as
 * a process of its own: `node crash-writer.ts FOLDER ROUND`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { openS3Service } from '../../../../../infra/local/services/s3/index.ts';
import { credentialsOf, startServiceServer } from '../../../../support/service-server.ts';

const [directory = '', round = '0'] = process.argv.slice(2);
const service = await openS3Service({ directory });
await service.createBucket({ name: 'docs', region: 'eu-central-1', versioned: true });
const server = await startServiceServer({ services: [service] });
const client = new S3Client({ region: 'eu-central-1', endpoint: server.endpoint, credentials: credentialsOf() });

async function write(worker: number): Promise<never> {
  for (let i = 0; ; i++) {
    const body = randomBytes(1 + ((i * 7919) % 200_000));
    const Key = `${round}/${worker}/${i % 20}`;
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket: 'docs', Key, Body: body }));
    const hash = createHash('sha256').update(body).digest('hex');
    // Synchronously: an acknowledgement must not sit in a buffer when the process is killed.
    writeSync(1, `${JSON.stringify({ Key, VersionId, hash })}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(write));
