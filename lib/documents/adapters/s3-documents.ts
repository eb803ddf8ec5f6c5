import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { DocumentStore } from '../ports.ts';

/** Documents as objects of one bucket. */
export function s3Documents(client: S3Client, bucket: string): DocumentStore {
  const Bucket = bucket;
  return {
    async get(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async put(key, content) {
      await client.send(new PutObjectCommand({ Bucket, Key: key, Body: content }));
    },
    async putIfAbsent(key, content) {
      // 412: there is one already. 409: another write of the same key is under way (S3, "Conditional writes"); whoever
      // wins writes the same content where keys are content-addressed, and the loser must look again otherwise.
      for (let attempt = 0; ; attempt++) {
        try {
          await client.send(new PutObjectCommand({ Bucket, Key: key, Body: content, IfNoneMatch: '*' }));
          return true;
        } catch (error) {
          const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
          if (status === 412) return false;
          if (status !== 409 || attempt === 4) throw error;
        }
      }
    },
    async *list(prefix) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix: prefix, ...(token ? { ContinuationToken: token } : {}) }),
        );
        for (const object of page.Contents ?? []) if (object.Key) yield object.Key;
        token = page.NextContinuationToken;
      } while (token);
    },
    async delete(key) {
      await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
    },
  };
}
