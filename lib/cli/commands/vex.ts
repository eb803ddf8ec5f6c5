import { Argument, Command } from '@commander-js/extra-typings';
import { plural } from '../../core/format-units.ts';
import { readVex } from '../../formats/vex/index.ts';
import { connect } from '../connection.ts';
import { say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { readForeignFile } from '../scan/foreign-file.ts';
import { vexAnswer } from '../security-shapes.ts';
import { inEvents } from './images.ts';
import { apiOption, dataOption } from './options.ts';

export const vexCommand = () =>
  new Command('vex').description('what somebody analysed of vulnerabilities in images').addCommand(
    new Command('add')
      .description('give the stack a VEX document about images of a repository; the gate decides again')
      .addArgument(new Argument('<repository>', 'registry/repository'))
      .addArgument(new Argument('<file>', 'OpenVEX, CSAF, or CycloneDX with analyses'))
      .addOption(apiOption())
      .addOption(dataOption())
      .action(async (repository, file, options) => {
        const connection = connect(options);
        const bytes = await readForeignFile(file);
        // Said here, where the file is: what is wrong with it, and not that a server refused it.
        readVex(bytes, file);
        const path = `/api/vex?repository=${encodeURIComponent(inEvents(repository, connection.local))}`;
        const answer = await postJson(connection, path, JSON.parse(Buffer.from(bytes).toString('utf8')), vexAnswer);
        say(
          `${plural(answer.statements, 'statement')} of ${answer.author} (${answer.outcome}); ${plural(answer.images, 'image')} to decide on again`,
        );
        if (answer.skipped > 0) say(`${plural(answer.skipped, 'statement')} could not be read and were left out`);
      }),
  );
