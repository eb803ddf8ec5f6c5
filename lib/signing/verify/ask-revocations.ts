import { mapLimit } from '../../core/concurrency.ts';
import type { RevocationSource } from '../ports.ts';
import { openQuestion } from './check-notation.ts';
import type { FetchedMaterial, TrustMaterial } from './model.ts';
import { questionKey } from './signing-profile.ts';

const AT_ONCE = 4;

/**
 * Finds out what services say of their signatures, so that verification itself asks nobody. Asked about are only those
 * of AWS Signer that are by a profile which the trust policy trusts, each question once. The same trust material, with
 * the answers, comes back.
 */
export async function askRevocations(
  { image, artifacts }: Pick<FetchedMaterial, 'image' | 'artifacts'>,
  trust: TrustMaterial,
  source: RevocationSource,
): Promise<TrustMaterial> {
  const questions = new Map(
    artifacts.flatMap((artifact) => {
      const question = openQuestion(artifact, image, trust);
      return question === undefined ? [] : [[questionKey(question), question] as const];
    }),
  );
  if (questions.size === 0) return trust;
  const answers = await mapLimit(
    [...questions],
    AT_ONCE,
    async ([key, question]) => [key, await source.ask(question)] as const,
  );
  return { ...trust, revocations: new Map([...(trust.revocations ?? []), ...answers]) };
}
