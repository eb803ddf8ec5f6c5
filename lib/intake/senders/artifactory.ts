import { z } from 'zod';
import { isDigest } from '../../core/digest.ts';
import type { WebhookSender } from '../model.ts';
import { isSecret, isSignature } from './proofs.ts';
import { events, ignored, readAs, text } from './readings.ts';

/** JFrog documentation, "Event types", domain `docker`. */
const payload = z.object({
  domain: text,
  event_type: text,
  data: z.unknown(),
});
const imageData = z.object({
  repo_key: text,
  image_name: text,
  tag: text.optional(),
  /** Of the file that `path` names: for an image, its manifest. */
  sha256: text.optional(),
  name: text.optional(),
});

const MANIFEST_FILES: ReadonlySet<string | undefined> = new Set(['manifest.json', 'list.manifest.json']);

/**
 * `X-JFrog-Event-Auth` is the secret itself or, with "Use secret for payload signing", the hex of the body's
 * HMAC-SHA256.
 */
export const artifactory: WebhookSender = {
  name: 'artifactory',
  authenticate: (request, { secrets }) => {
    const given = request.headers.get('x-jfrog-event-auth');
    const signed = isSignature(given, request, secrets, { algorithm: 'sha256' });
    return isSecret(given, secrets) || signed;
  },
  read: (body, _headers, source) =>
    readAs(payload, body, ({ domain, event_type, data }) => {
      if (domain !== 'docker') return ignored('not-an-image');
      if (event_type !== 'pushed' && event_type !== 'deleted') return ignored('event-not-followed');
      return readAs(imageData, data, ({ repo_key, image_name, tag, sha256, name }) => {
        const inPath = source?.kind !== 'artifactory' || source.repositoryInPath;
        const digest = MANIFEST_FILES.has(name) ? `sha256:${sha256}` : undefined;
        return events({
          action: event_type === 'pushed' ? 'push' : 'delete',
          repository: inPath ? `${repo_key}/${image_name}` : image_name,
          digest: isDigest(digest) ? digest : isDigest(tag) ? tag : undefined,
          tag: tag && !isDigest(tag) ? tag : undefined,
        });
      });
    }),
};
