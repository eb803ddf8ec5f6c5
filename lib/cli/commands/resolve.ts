import { Argument, Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, printJson, say } from '../output.ts';
import { inEvents } from './images.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

const place = z.object({ registry: z.string(), repository: z.string(), digest: z.string() });
const candidates = z.array(
  z.object({
    at: place,
    standing: z.enum(['source', 'replica']),
    verdict: z.string(),
    reason: z.string(),
    medianMs: z.number().optional(),
  }),
);
const resolution = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('resolved'),
    digest: z.string(),
    tagFrom: z.enum(['source', 'recorded']).optional(),
    place,
    candidates,
  }),
  z.object({ kind: z.literal('tag-unknown'), detail: z.string() }),
  z.object({ kind: z.literal('nowhere'), digest: z.string(), candidates }),
]);

export const resolveCommand = () =>
  new Command('resolve')
    .description('tell which registry is near, healthy and has an image whole; prints its name there')
    .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
    .option('--near <location>', 'for whom: a name of the setting availability.locations')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const connection = connect(options);
      const query = new URLSearchParams({
        ref: inEvents(ref, connection.local),
        ...(options.near === undefined ? {} : { near: options.near }),
      });
      const answer = await getJson(connection, `/api/resolve?${query}`, resolution);
      if (answer.kind !== 'resolved') answerNo();
      if (options.output === 'json') return printJson(answer);
      if (answer.kind === 'tag-unknown') return say(defuse(answer.detail));
      if (answer.kind === 'resolved') {
        const { registry, repository, digest } = answer.place;
        process.stdout.write(`${defuse(`${registry}/${repository}@${digest}`)}\n`);
        if (answer.tagFrom === 'recorded')
          say('the source does not answer: this is what the tag was last seen to name');
      }
      tellCandidates(answer.candidates);
      if (answer.kind === 'nowhere') say(defuse(`no registry has ${answer.digest} for now`));
    });

/** Not on standard output, which is for `docker pull $(lading resolve …)`. */
function tellCandidates(all: z.infer<typeof candidates>): void {
  for (const { at, standing, medianMs, verdict, reason } of all) {
    const speed = medianMs === undefined ? '' : `, ${medianMs} ms`;
    say(defuse(`${verdict.padEnd(11)} ${at.registry}/${at.repository} (${standing}${speed}): ${reason}`));
  }
}
