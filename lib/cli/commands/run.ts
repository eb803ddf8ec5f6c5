import { Argument, Command } from '@commander-js/extra-typings';
import { queueClient, runNow } from '../../aws/queues.ts';
import { systemClock } from '../../core/clock.ts';
import { connect } from '../connection.ts';
import { say } from '../output.ts';
import { apiOption, dataOption } from './options.ts';

export const runCommand = () =>
  new Command('run')
    .description('run a scheduled function now')
    .addArgument(
      new Argument('<function>', 'which').choices([
        'sync-advisories',
        'plan-retention',
        'keep-appointments',
        'reconcile',
        'probe-registries',
        'backup-registries',
      ] as const),
    )
    .option('--prefix <text>', "what the names of the stack's queues begin with", 'lading-')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (name, options) => {
      await runNow(queueClient(connect(options).local), options.prefix, name, systemClock.now());
      say(`${name} was asked to run; "lading events --follow" shows what comes of it`);
    });
