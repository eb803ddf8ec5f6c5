import { z } from 'zod';
import { isDigest } from '../../core/digest.ts';
import type { Reading, WebhookSender } from '../model.ts';
import { isSignature } from './proofs.ts';
import { events, ignored, readAs, referenceIn, text } from './readings.ts';

/** GitHub documentation, "Webhook events and payloads", `package` and `registry_package`: one shape under two keys. */
const packageShape = z.object({
  /** `CONTAINER` in one event, `container` in the other. */
  package_type: text.nullish(),
  package_version: z
    .object({
      version: text.nullish(),
      /** `ghcr.io/owner/name:tag`; with an empty tag for what was pushed by digest. */
      package_url: text.nullish(),
      created_at: text.nullish(),
      updated_at: text.nullish(),
      container_metadata: z
        .object({
          tag: z.object({ name: text.nullish(), digest: text.nullish() }).nullish(),
          manifest: z.object({ media_type: text.nullish() }).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});
const payload = z.object({
  action: text,
  package: packageShape.optional(),
  registry_package: packageShape.optional(),
  sender: z.object({ login: text.optional() }).nullish(),
});

function readPackage(value: z.infer<typeof payload>): Reading {
  const given = value.package ?? value.registry_package;
  if (value.action !== 'published' && value.action !== 'updated') return ignored('event-not-followed');
  if (given?.package_type?.toLowerCase() !== 'container') return ignored('not-an-image');
  const version = given.package_version;
  const at = referenceIn(version?.package_url?.replace(/:$/, '').toLowerCase());
  if (at === undefined) return ignored('name-not-valid');
  const tag = version?.container_metadata?.tag;
  const digest = [tag?.digest, version?.version].find(isDigest) ?? at.digest;
  return events({
    action: 'push',
    registry: at.registry,
    repository: at.repository,
    digest,
    // The reference was lowered for the sake of its repository; a tag keeps its letters.
    tag: tag?.name || (digest === undefined ? version?.package_url?.split(':').at(-1) : undefined),
    mediaType: version?.container_metadata?.manifest?.media_type ?? undefined,
    actor: value.sender?.login,
    occurredAt: version?.updated_at ?? version?.created_at ?? undefined,
  });
}

/** `X-Hub-Signature-256: sha256=<hex>` (GitHub documentation, "Validating webhook deliveries"). */
export const ghcr: WebhookSender = {
  name: 'ghcr',
  authenticate: (request, { secrets }) =>
    isSignature(request.headers.get('x-hub-signature-256'), request, secrets, {
      algorithm: 'sha256',
      prefix: 'sha256=',
    }),
  read: (body, headers) => {
    const event = headers.get('x-github-event');
    if (event === 'ping') return ignored('connection-test');
    if (event !== 'package' && event !== 'registry_package') return ignored('event-not-followed');
    return readAs(payload, body, readPackage);
  },
};
