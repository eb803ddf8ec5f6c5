import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { LadingError } from '../../core/errors.ts';
import type { ReportInbox } from '../ports.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** Reports as tasks left them in a bucket. They come from programs that read strangers' images: no more is read than this. */
export function s3ReportInbox(client: S3Client, bucket: string, maxBytes = MAX_BYTES): ReportInbox {
  return {
    async take(key) {
      try {
        // One byte more than may be: what is longer is known without reading it all.
        const range = `bytes=0-${maxBytes}`;
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }));
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
        if (bytes.length <= maxBytes) return bytes;
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        // A range of an empty object is none.
        if (error instanceof Error && error.name === 'InvalidRange') return new Uint8Array();
        throw error;
      }
      throw new LadingError('report-too-large', `the report is over ${maxBytes} bytes`);
    },
  };
}
