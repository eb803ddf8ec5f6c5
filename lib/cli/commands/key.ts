import { Argument, Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { keyRevoked } from '../../events/index.ts';
import { callApi, getJson } from '../api-client.ts';
import { connect, fromCaller } from '../connection.ts';
import { rotatablePurposes, rotateInConfiguration } from '../key-rotation.ts';
import { printJson, say } from '../output.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

const keysAnswer = z.object({
  use: z.string(),
  keys: z.array(
    z.object({
      keyId: z.string(),
      pem: z.string(),
      algorithm: z.string(),
      purpose: z.string(),
      resource: z.string(),
      firstUsedAt: z.string(),
      signsNow: z.boolean(),
      revoked: z.object({ at: z.string(), reason: z.string() }).optional(),
    }),
  ),
});

const inventoryAnswer = z.object({
  images: z.number(),
  byAlgorithm: z.record(z.string(), z.number()),
  byKey: z.array(z.object({ keyId: z.string(), algorithm: z.string(), images: z.number() })),
  missing: z.object({ images: z.number(), examples: z.array(z.string()) }),
});

const stateOf = ({ revoked, signsNow }: z.infer<typeof keysAnswer>['keys'][number]): string =>
  revoked ? `revoked ${revoked.at.slice(0, 10)}: ${revoked.reason}` : signsNow ? 'signs' : 'kept';

const listCommand = () =>
  new Command('list')
    .description('keys that have signed here, and whether they are trusted')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const answer = await getJson(connect(options), '/api/trust/keys', keysAnswer);
      if (options.output === 'json') return printJson(answer);
      printTable(
        ['KEY', 'PURPOSE', 'ALGORITHM', 'STATE', 'SINCE'],
        answer.keys.map((key) => [key.keyId, key.purpose, key.algorithm, stateOf(key), key.firstUsedAt.slice(0, 10)]),
      );
    });

const exportCommand = () =>
  new Command('export')
    .description('print a public key (PEM), for cosign verify --key')
    .addArgument(new Argument('[key]', 'of `lading key list`; the one that signs now').argOptional())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (keyId, options) => {
      const connection = connect(options);
      if (keyId === undefined) {
        process.stdout.write(await (await callApi(connection, '/api/key')).text());
        return;
      }
      const { keys } = await getJson(connection, '/api/trust/keys', keysAnswer);
      const found = keys.find((key) => key.keyId === keyId);
      if (found) return void process.stdout.write(found.pem);
      say(`no key ${keyId} has signed anything here`);
      process.exitCode = 1;
    });

const inventoryCommand = () =>
  new Command('inventory')
    .description('which images are signed by which algorithms and keys, and what is missing')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const answer = await getJson(connect(options), '/api/trust/crypto', inventoryAnswer);
      if (options.output === 'json') return printJson(answer);
      printTable(
        ['KEY', 'ALGORITHM', 'IMAGES'],
        answer.byKey.map(({ keyId, algorithm, images }) => [keyId, algorithm, String(images)]),
      );
      say(`${answer.images} images are signed; ${answer.missing.images} lack a signature that is asked for today`);
      for (const image of answer.missing.examples) say(`  ${image}`);
    });

const rotateCommand = () =>
  new Command('rotate')
    .description('have another key sign from the next deployment on; the one before it is kept')
    .addArgument(
      new Argument('[purpose]', 'what the key is for').choices(rotatablePurposes).default('signing' as const),
    )
    .option('--config <file>', 'the configuration of the deployment', 'cdk.json')
    .action(async (purpose, options) => {
      const { from, to } = await rotateInConfiguration(fromCaller(options.config), purpose);
      say(`${options.config}: the key "${purpose}" goes from generation ${from} to ${to}`);
      say('Deploy it (npm run deploy): the new key signs then, and images are signed anew, so many at a time.');
    });

const revokeCommand = () =>
  new Command('revoke')
    .description('take a key out of trust, for good: no verdict counts that it signed')
    .addArgument(new Argument('<key>', 'of `lading key list`'))
    .requiredOption('--reason <text>', 'why; it is in the audit trail')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (keyId, { reason, ...options }) => {
      const answer = await callApi(connect(options), '/api/trust/keys/revoke', {
        method: 'POST',
        body: { keyId, reason },
      });
      const { revokedAt } = keyRevoked.data.parse(await answer.json());
      say(`${keyId} is revoked since ${revokedAt}`);
    });

export const keyCommand = () =>
  new Command('key')
    .description('the keys that sign: which there are, their public halves, rotation, revocation')
    .addCommand(listCommand())
    .addCommand(exportCommand())
    .addCommand(inventoryCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
