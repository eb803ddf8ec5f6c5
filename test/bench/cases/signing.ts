import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { pushImage } from '../../lib/signing/support.ts';
import type { BenchCase, BenchRow } from '../bench-case.ts';
import { commands, PASSWORD } from '../commands.ts';
import { compare } from '../measure.ts';

/** A signature and an attestation of one image with a local, encrypted key; every run has an image of its own. */
export const signing: BenchCase = {
  name: 'signing',
  async run({ work, has, runs, note }) {
    if (!has('cosign')) {
      note('cosign is not installed: it makes the key, and there is nothing to compare with');
      return [];
    }
    const embedded = await startEmbeddedRegistry({ directory: join(work, 'registry') });
    try {
      const env = { ...process.env, COSIGN_PASSWORD: PASSWORD };
      spawnSync('cosign', ['generate-key-pair', '--output-key-prefix', join(work, 'bench')], { env });
      const key = join(work, 'bench.key');
      const predicate = join(work, 'predicate.json');
      writeFileSync(
        predicate,
        JSON.stringify({ builder: 'bench', steps: Array.from({ length: 50 }, (_, i) => ({ i })) }),
      );
      const registry = localRegistry(embedded.url);
      const host = `localhost:${embedded.port}`;
      const images = new Map<string, string>();
      const pkcs8 = join(work, 'pkcs8.key');
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      writeFileSync(
        pkcs8,
        privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSWORD }),
      );
      for (const name of ['lading', 'pkcs8', 'apart', 'cosign']) {
        for (let run = 0; run <= runs; run++) {
          const image = await pushImage(registry, `${name}-${run}`);
          images.set(`${name}-${run}`, `${host}/${image.repository}@${image.digest}`);
        }
      }
      const imageOf = (name: string) => (run: number) => images.get(`${name}-${run}`) ?? '';
      // The first run makes the bundle of the command line, or brings a program into memory.
      for (const argv of [
        commands.ladingSign(imageOf('lading')(runs), key, predicate),
        commands.cosignSign(imageOf('cosign')(runs), key),
      ]) {
        const [program = '', ...args] = argv;
        await new Promise((resolve) => spawn(program, args, { stdio: 'ignore' }).once('close', resolve));
      }
      const results = await compare(
        {
          together: (run) => commands.ladingSign(imageOf('lading')(run), key, predicate),
          pkcs8: (run) => commands.ladingSign(imageOf('pkcs8')(run), pkcs8, predicate),
          sign: (run) => commands.ladingSign(imageOf('apart')(run), key),
          attest: (run) => commands.ladingAttest(imageOf('apart')(run), key, predicate),
          cosignSign: (run) => commands.cosignSign(imageOf('cosign')(run), key),
          cosignAttest: (run) => commands.cosignAttest(imageOf('cosign')(run), key, predicate),
        },
        runs,
      );
      const wall = (name: string): number => results.get(name)?.wall ?? Number.NaN;
      const peer = { name: 'cosign', value: wall('cosignSign') + wall('cosignAttest') };
      const rows: BenchRow[] = [
        {
          what: 'sign + attest with an encrypted PKCS#8 key: wall',
          ours: wall('pkcs8'),
          unit: 's',
          peer,
          goal: { most: 0.5 },
        },
        // Opening cosign's format takes 0.15 s of scrypt by design, in both programs: twice there, once here.
        { what: "sign + attest with cosign's key: wall", ours: wall('together'), unit: 's', peer, goal: { most: 0.5 } },
        { what: "sign, then attest with cosign's key: wall", ours: wall('sign') + wall('attest'), unit: 's', peer },
      ];
      return rows;
    } finally {
      await embedded.close();
    }
  },
};
