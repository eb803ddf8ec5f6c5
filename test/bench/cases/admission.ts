import { review } from '../../lib/admission/reviews.ts';
import { apkDatabase, buildImage, osRelease } from '../../lib/sbom/image-builder.ts';
import { startHttpsFront } from '../../support/https-front.ts';
import { pushBuilt } from '../../support/push-images.ts';
import { startTestStack } from '../../support/stack.ts';
import type { BenchCase } from '../bench-case.ts';

const QUESTIONS = 300;

/** Admission of a deployment whose image has a verdict, on the whole stack, over TLS, warm: by tag and by digest. */
export const admission: BenchCase = {
  name: 'admission',
  async run({ note }) {
    const system = await startTestStack();
    const front = await startHttpsFront(system.api);
    try {
      const image = buildImage([[osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'])]]);
      const digest = await pushBuilt(system.source.client, 'team/app', image, 'v1');
      await system.settle();
      const path = `/admission/${await system.admissionSecret()}/mutate`;
      const name = `${system.source.host}/team/app`;
      const ask = async (reference: string): Promise<number> => {
        const began = performance.now();
        const { status, body } = await front.post(path, review({ kind: 'Deployment', image: reference }));
        const took = performance.now() - began;
        if (status !== 200 || !JSON.stringify(body).includes('"allowed":true')) throw new Error(JSON.stringify(body));
        return took;
      };
      const p95 = async (reference: string): Promise<number> => {
        for (let i = 0; i < 20; i++) await ask(reference);
        const times: number[] = [];
        for (let i = 0; i < QUESTIONS; i++) times.push(await ask(reference));
        return times.sort((a, b) => a - b)[Math.floor(QUESTIONS * 0.95)] ?? Number.NaN;
      };
      const row = (what: string, ours: number) => ({ what, ours, unit: 'ms', goal: { most: 50 } }) as const;
      const byTag = await p95(`${name}:v1`);
      const byDigest = await p95(`${name}@${digest}`);
      note(`${QUESTIONS} questions each, one after the other`);
      return [row('admission by tag, p95', byTag), row('admission by digest, p95', byDigest)];
    } finally {
      await front.close();
      await system.close();
    }
  },
};
