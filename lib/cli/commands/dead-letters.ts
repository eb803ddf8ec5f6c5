import { Argument, Command } from '@commander-js/extra-typings';
import { listDeadLetterQueues, queueClient, redrive } from '../../aws/queues.ts';
import { LadingError } from '../../core/errors.ts';
import { connect } from '../connection.ts';
import { printJson, say } from '../output.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

const prefixOption = ['--prefix <text>', "what the names of the stack's queues begin with", 'lading-'] as const;

export const dlqCommand = () =>
  new Command('dlq')
    .description('messages that failed too often')
    .addCommand(
      new Command('list')
        .description('dead-letter queues and how many messages wait in each')
        .option(...prefixOption)
        .addOption(outputOption())
        .addOption(apiOption())
        .addOption(dataOption())
        .action(async (options) => {
          const queues = await listDeadLetterQueues(queueClient(connect(options).local), options.prefix);
          if (options.output === 'json') return printJson(queues);
          printTable(
            ['QUEUE', 'MESSAGES'],
            queues.map(({ name, messages }) => [name, String(messages)]),
          );
        }),
    )
    .addCommand(
      new Command('redrive')
        .description('send the messages back to be tried again; duplicates have no effect')
        .addArgument(new Argument('[function]', 'only of this function').argOptional())
        .option(...prefixOption)
        .option('--dry-run', 'only say what would be sent back')
        .addOption(apiOption())
        .addOption(dataOption())
        .action(async (name, options) => {
          const client = queueClient(connect(options).local);
          const all = await listDeadLetterQueues(client, options.prefix);
          const chosen = name ? all.filter((queue) => queue.name === `${options.prefix}${name}-dlq`) : all;
          if (name && chosen.length === 0) {
            throw new LadingError('queue-unknown', `no dead-letter queue belongs to "${name}"`, {
              hint: `there are ${all.map((queue) => queue.name).join(', ')}`,
            });
          }
          let moved = 0;
          for (const queue of chosen) {
            if (queue.messages === 0) continue;
            if (!options.dryRun) await redrive(client, queue);
            moved += queue.messages;
            say(`${queue.name}: ${queue.messages} ${options.dryRun ? 'would be sent back' : 'are being sent back'}`);
          }
          if (moved === 0) say('no dead letters');
        }),
    );
