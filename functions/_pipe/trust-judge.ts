import { type TrustJudge, verdictJudge } from '../../lib/admission/index.ts';
import { dynamoVerdictBoard } from '../../lib/attestation/adapters/dynamo-verdict-board.ts';
import { algorithmUseAt, trustConfigSchema } from '../../lib/attestation/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { dynamoKeys } from '../../lib/keys/adapters/dynamo-keys.ts';
import { trustedKeys } from '../../lib/keys/index.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { once } from './once.ts';
import { setting, table } from './wiring.ts';

/** A revocation is felt within this time. */
const KEEP_KEYS_MS = 15_000;

/** Whether an image may run, by what is recorded: no registry is asked, and every signature is checked. */
export const trustJudge = once((): TrustJudge => {
  const signatures = table('signatures');
  const register = dynamoKeys(signatures);
  const replicas = dynamoReplicas(table('replicas'));
  const trust = setting('trust', trustConfigSchema);
  let kept: { readonly at: number; readonly keys: Promise<ReturnType<typeof trustedKeys>> } | undefined;
  const keys = (): Promise<ReturnType<typeof trustedKeys>> => {
    const now = systemClock.now().getTime();
    if (kept === undefined || now - kept.at > KEEP_KEYS_MS) {
      const reading = register.all().then(trustedKeys);
      kept = { at: now, keys: reading };
      reading.catch(() => {
        kept = undefined;
      });
    }
    return kept.keys;
  };
  return verdictJudge(
    {
      board: dynamoVerdictBoard(signatures),
      async sourceOf(image) {
        const record = await replicas.find(image);
        return record && { ...record.source, digest: record.derivedFrom ?? record.source.digest };
      },
      keys,
      clock: systemClock,
    },
    { verifier: trust.verdict.verifier, useAt: (now) => algorithmUseAt(trust, now) },
  );
});
