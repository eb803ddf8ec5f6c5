import { Command } from '@commander-js/extra-typings';
import { callApi } from '../api-client.ts';
import { connect } from '../connection.ts';
import { apiOption, dataOption } from './options.ts';

export const keyCommand = () =>
  new Command('key').description('the signing key').addCommand(
    new Command('export')
      .description('print the public key (PEM), for cosign verify --key')
      .addOption(apiOption())
      .addOption(dataOption())
      .action(async (options) => {
        process.stdout.write(await (await callApi(connect(options), '/api/key')).text());
      }),
  );
