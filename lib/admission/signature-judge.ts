import type { Clock } from '../core/clock.ts';
import {
  askRevocations,
  fetchMaterial,
  type Requirement,
  type RevocationSource,
  type SignatureReader,
  type TrustMaterial,
  verify,
} from '../signing/index.ts';
import type { Judgement, TrustJudge } from './ports.ts';

export interface SignatureJudgePorts {
  /** @throws LadingError where there is no such registry */
  readonly open: (host: string) => Promise<SignatureReader>;
  readonly revocations: RevocationSource;
  readonly clock: Clock;
}

const SIGNED: Requirement = {
  name: 'signed',
  kind: 'signature',
  formats: ['notation-jws', 'notation-cose'],
  threshold: 1,
};

/**
 * Also lets run what Lading never judged and others signed, as a trust policy of Notary Project wants it. What has a
 * verdict goes by its verdict: a signature does not overrule a gate that said no, nor a verdict that lapsed.
 */
export function signatureJudge(inner: TrustJudge, ports: SignatureJudgePorts, trust: TrustMaterial): TrustJudge {
  return {
    async judge(image): Promise<Judgement> {
      const decision = await inner.judge(image);
      if (decision.kind === 'trusted' || decision.reason !== 'no-verdict') return decision;
      const material = await fetchMaterial(await ports.open(image.registry), image, SIGNED.formats);
      if (material === undefined) return decision;
      const answered = await askRevocations(material, trust, ports.revocations);
      const { trusted, proofs, rejections } = verify(material, answered, [SIGNED], ports.clock.now());
      if (trusted) return { kind: 'trusted', signedBy: proofs.map(({ signer }) => signer.name) };
      const [first] = rejections;
      const why =
        first === undefined ? 'nobody signed it' : `its signature is refused: ${first.reason}: ${first.detail}`;
      return { ...decision, detail: `${decision.detail}, and ${why}` };
    },
  };
}
