import { Argument, Command, Option } from '@commander-js/extra-typings';
import { senderKinds } from '../../intake/config.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

export const webhookCommand = () =>
  new Command('webhook').description('push notifications of registries').addCommand(
    new Command('test')
      .description('send what a registry would send about an image that the stack knows, with the proof it would give')
      .addArgument(new Argument('<source>', 'name of the source: the last part of its URL'))
      .option('--image <ref>', 'registry/repository:tag in the catalogue (default: the newest with a tag)')
      .addOption(
        new Option('--kind <kind>', 'who sends (default: as configured in the local stack, or generic)').choices(
          senderKinds,
        ),
      )
      .option('--flat', 'the name of the repository is no part of the path of its images (Artifactory, Nexus)')
      .addOption(
        new Option('--secret <text>', "the source's secret (default: that of the local stack)").env(
          'LADING_WEBHOOK_SECRET',
        ),
      )
      .option('--secret-id <arn>', 'read it from this secret on AWS (the stack output WebhooksSecretArn)')
      .addOption(outputOption())
      .addOption(apiOption())
      .addOption(dataOption())
      .addHelpText('after', '\nThe image is known already, so nothing is done twice: the event only takes its way.')
      .action(async (source, options) => {
        const { testWebhook } = await import('../test-webhook.ts');
        await testWebhook(source, options);
      }),
  );
