import { credentialsRotated, credentialsWithdrawn, draftEvent, type EventDraft } from '../../../events/index.ts';
import type { RotationNews } from './rotate-credentials.ts';

/** What the audit trail is told. Neither passwords nor user names are in it. */
export function rotationDraft(registry: string, secret: string, news: RotationNews): EventDraft {
  const { version, token } = news;
  const data = { registry, secret, version, ...(token.id === undefined ? {} : { tokenId: token.id }) };
  if (news.kind === 'withdrawn') return draftEvent(credentialsWithdrawn, data);
  const end = token.expiresAt === undefined ? {} : { expiresAt: token.expiresAt.toISOString() };
  return draftEvent(credentialsRotated, { ...data, ...end, replaced: news.replaced });
}
