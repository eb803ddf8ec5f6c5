import type { ImageLocation } from '../core/image-reference.ts';
import { parseJsonStrict } from '../core/json.ts';
import { loadDocument } from '../documents/index.ts';
import type { EventDraft } from '../events/index.ts';
import { checkPusher } from './check-pusher.ts';
import type { ProvenanceConfig } from './config.ts';
import { ruleFor } from './from-claims.ts';
import { PROVENANCE_V1, readPredicate } from './model.ts';
import type { CiBuild, PushLog } from './ports.ts';
import { type RecordPorts, recordProvenance } from './record-provenance.ts';

/** A predicate of ours has at most 500 materials. */
const MAX_PREDICATE_BYTES = 4 * 1024 * 1024;

/**
 * Keeps who pushed an image, as its registry told, and says anew of builds that were told of before whether it was their
 * builder. Idempotent.
 *
 * @param pusher as the registry names them; for ECR the ARN of CloudTrail
 */
export async function notePush(
  ports: RecordPorts & { readonly pushes: Pick<PushLog, 'notePush'> },
  image: ImageLocation,
  pusher: string,
  config: ProvenanceConfig,
): Promise<readonly EventDraft[]> {
  const noted = await ports.pushes.notePush(image, pusher);
  const drafts: EventDraft[] = [];
  for (const build of noted.builds) {
    const draft = await sayAgain(ports, image, build, { pusher: noted.pusher, config });
    if (draft !== undefined) drafts.push(draft);
  }
  return drafts;
}

/** `undefined` where the issuer is not configured any more, or the rule is gone: then its word counts for nothing new. */
async function sayAgain(
  ports: RecordPorts,
  image: ImageLocation,
  build: CiBuild,
  { pusher, config }: { readonly pusher: string; readonly config: ProvenanceConfig },
): Promise<EventDraft | undefined> {
  const issuer = config.issuers.find((one) => one.issuer === build.issuer);
  const rule = issuer && ruleFor(issuer, build, `${image.registry}/${image.repository}`);
  const bytes = await loadDocument(ports.documents, build.document.key, build.document.digest);
  if (issuer === undefined || rule === undefined || bytes === undefined) return undefined;
  const predicate = parseJsonStrict(bytes, { maxBytes: MAX_PREDICATE_BYTES, what: build.document.key });
  const read = readPredicate(PROVENANCE_V1, predicate);
  if (read === undefined) return undefined;
  const { hosted, source, actor } = build;
  const { kind } = issuer;
  const check = checkPusher(image, { kind, issuer: issuer.issuer, actor, pushers: rule.pushers }, pusher);
  const provenance = { ...read, predicate, authenticity: 'token', hosted, source } as const;
  return recordProvenance(ports, image, provenance, { config, pusher: check });
}
