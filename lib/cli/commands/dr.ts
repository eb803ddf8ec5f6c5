import { Argument, Command } from '@commander-js/extra-typings';
import { collect, dataOption, outputOption, plainHttpOption } from './options.ts';

const bucket = () =>
  ['--bucket <name>', 'the bucket of backups, the output BackupBucketName (default: that of the local stack)'] as const;
const registry = () => ['--registry <host>', 'whose backup, where there are several'] as const;
const snapshot = () => ['--snapshot <key>', 'which one (default: the newest)'] as const;

const everything: readonly string[] = ['**'];

export const drCommand = () =>
  new Command('dr')
    .description('backups of registries: what there is, bringing it back, and proving that it can be brought back')
    .addCommand(snapshotsCommand())
    .addCommand(restoreCommand())
    .addCommand(drillCommand());

const snapshotsCommand = () =>
  new Command('snapshots')
    .description('list what was backed up')
    .option(...bucket())
    .option(...registry())
    .addOption(outputOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runSnapshots } = await import('../dr/run-dr.ts');
      await runSnapshots(options);
    });

const restoreCommand = () =>
  new Command('restore')
    .description('bring images back from the backup, byte for byte; nothing that is there is overwritten')
    .addArgument(new Argument('<to>', 'host of the registry to restore into'))
    .option('--repository <glob>', 'only these; may be given more than once', collect)
    .option('--image <reference>', 'only this image of them: a tag that it had, or its digest')
    .option(...bucket())
    .option(...registry())
    .option(...snapshot())
    .addOption(plainHttpOption())
    .addOption(outputOption())
    .addOption(dataOption())
    .action(async (to, { repository, image, ...options }) => {
      const { runRestore } = await import('../dr/run-dr.ts');
      await runRestore({ ...options, to, repositories: repository ?? everything, reference: image });
    });

const drillCommand = () =>
  new Command('drill')
    .description('restore into an empty registry, read everything back, verify signatures, pull an image, and tell')
    .option('--to <host>', 'an empty registry (default: a temporary folder)')
    .option('--repository <glob>', 'only these; may be given more than once', collect)
    .option('--canary <name>', 'the image to pull at the end: REPOSITORY:TAG')
    .option('--public-key <file>', 'verify signatures by this key (PEM)')
    .option('--require-signatures', 'an image without a good signature is a fault')
    .option('--attestation <file>', 'write the outcome as a signed statement (in-toto, Sigstore bundle)')
    .option('--key <key>', 'what to sign it with: a file, awskms:///KEY (default: the key of the running stack)')
    .option(...bucket())
    .option(...registry())
    .option(...snapshot())
    .addOption(plainHttpOption())
    .addOption(outputOption())
    .addOption(dataOption())
    .addHelpText('after', '\nExits with 0 where all of it came back whole, with 1 where something did not.')
    .action(async ({ repository, ...options }) => {
      const { runDrillCommand } = await import('../dr/run-dr.ts');
      await runDrillCommand({ ...options, repositories: repository ?? everything });
    });
