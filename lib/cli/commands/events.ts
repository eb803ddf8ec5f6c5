import { setTimeout as wait } from 'node:timers/promises';
import { Command } from '@commander-js/extra-typings';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { defuse, paint, printJsonLine } from '../output.ts';
import { eventsAnswer } from '../shapes.ts';
import { apiOption, dataOption, limitOption, outputOption } from './options.ts';

const FOLLOW_MS = 500;
const PAGE = 100;

export const eventsCommand = () =>
  new Command('events')
    .description('events of the audit trail, oldest first; with -o json one per line')
    .option('-f, --follow', 'go on as they come')
    .addOption(limitOption('the last so many', 100_000))
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const connection = connect(options);
      const { head } = await getJson(connection, '/api/events?after=0&limit=1', eventsAnswer);
      let after = Math.max(0, head - options.limit);
      for (;;) {
        const { events } = await getJson(connection, `/api/events?after=${after}&limit=${PAGE}`, eventsAnswer);
        for (const event of events) {
          after = event.seq;
          if (options.output === 'json') printJsonLine(event);
          else {
            const subject = defuse(event.subject ?? '');
            const name = defuse(event.detailType).padEnd(20);
            process.stdout.write(`${`${paint('dim', defuse(event.time))}  ${name}  ${subject}`.trimEnd()}\n`);
          }
        }
        if (events.length === PAGE) continue;
        if (!options.follow) return;
        await wait(FOLLOW_MS);
      }
    });
