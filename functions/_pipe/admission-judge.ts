import { admissionConfigSchema, signatureJudge, type TrustJudge } from '../../lib/admission/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { awsSignerRevocations } from '../../lib/signing/adapters/aws-signer-revocations.ts';
import { readNotationTrust } from '../../lib/signing/index.ts';
import { once } from './once.ts';
import { registries } from './registries.ts';
import { trustJudge } from './trust-judge.ts';
import { setting } from './wiring.ts';

/** What decides over workloads: the verdict, and where the configuration says so, signatures by others on what has none. */
export const admissionJudge = once((): TrustJudge => {
  const { signatures } = setting('admission', admissionConfigSchema);
  if (signatures === undefined) return trustJudge();
  const open = (host: string) => registries().open(host);
  const ports = { open, revocations: awsSignerRevocations(), clock: systemClock };
  return signatureJudge(trustJudge(), ports, readNotationTrust(signatures).trust);
});
