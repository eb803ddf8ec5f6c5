import { Argument, Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { describeError } from '../../core/errors.ts';
import { plural } from '../../core/format-units.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { answerNo, exitCode } from '../exit-code.ts';
import { printJson, say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { printTable } from '../table.ts';
import { inEvents } from './images.ts';
import { apiOption, dataOption, limitOption, outputOption } from './options.ts';

const statusAnswer = z.object({
  scanners: z.array(
    z.object({ scanner: z.string(), voter: z.string(), on: z.string(), repositories: z.array(z.string()) }),
  ),
  runs: z.array(
    z.object({
      image: z.string(),
      scanner: z.string(),
      day: z.string(),
      state: z.string(),
      code: z.string().optional(),
      reason: z.string().optional(),
      findings: z.number().optional(),
      packages: z.number().optional(),
      since: z.string().optional(),
      endedAt: z.string().optional(),
      attempts: z.number(),
      lastProblem: z.string().optional(),
    }),
  ),
});
const requestedAnswer = z.object({ image: z.string(), scanners: z.array(z.string()) });

type Run = z.infer<typeof statusAnswer>['runs'][number];

export const scannersCommand = () =>
  new Command('scanners')
    .description('other scanners that this stack sets to work: run them on an image, see how far they are')
    .addCommand(runScanners())
    .addCommand(scannersStatus());

/** Exit 2 where an image could not be asked about; the others are asked for all the same. */
const runScanners = () =>
  new Command('run')
    .description('have the configured scanners scan images; each scans one once a day')
    .addArgument(new Argument('<ref...>', 'registry/repository:tag or registry/repository@sha256:…'))
    .option('--with <scanner...>', 'only these: trivy, grype, docker-scout, snyk, trivy-server, clair, ecr-basic, …')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (refs, options) => {
      const connection = connect(options);
      const body = options.with === undefined ? {} : { scanners: options.with };
      const requested: z.infer<typeof requestedAnswer>[] = [];
      for (const ref of refs) {
        const path = `/api/scanners/run?ref=${encodeURIComponent(inEvents(ref, connection.local))}`;
        try {
          requested.push(await postJson(connection, path, body, requestedAnswer));
        } catch (error) {
          if (refs.length === 1) throw error;
          say(`${ref}: ${describeError(error)}`);
          process.exitCode = exitCode.failed;
        }
      }
      if (options.output === 'json') return printJson({ requested });
      for (const { image, scanners } of requested) say(`${image}: asked for ${scanners.join(', ')}`);
      say('lading scanners status shows how far they are, lading votes what they say');
    });

/** Exit 1 where the last run of a scanner on an image has failed: it has no vote. */
const scannersStatus = () =>
  new Command('status')
    .description('how far scanners are: with an image, all of its runs')
    .addArgument(new Argument('[ref]', 'registry/repository:tag or registry/repository@sha256:…'))
    .addOption(limitOption('most runs', 200))
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const connection = connect(options);
      const about = ref === undefined ? '' : `&ref=${encodeURIComponent(inEvents(ref, connection.local))}`;
      const answer = await getJson(connection, `/api/scanners?limit=${options.limit}${about}`, statusAnswer);
      if (lastEnded(answer.runs).some(({ state }) => state !== 'completed')) answerNo();
      if (options.output === 'json') return printJson(answer);
      printTable(
        ['SCANNER', 'IMAGE', 'DAY', 'STATE', 'WHAT BECAME OF IT'],
        answer.runs.map((run) => [run.scanner, run.image, run.day, run.state, resultOf(run)]),
      );
      for (const { scanner, on, repositories } of answer.scanners) {
        const when = on === 'catalogued' ? 'each new image' : 'when asked';
        say(`${scanner} scans ${repositories.join(', ')}: ${when}`);
      }
      if (answer.scanners.length === 0) say('no scanner is configured: see docs/scanners.md');
    });

/** Of each scanner and image, the run of the last day that has ended. */
function lastEnded(runs: readonly Run[]): readonly Run[] {
  const last = new Map<string, Run>();
  for (const run of runs.filter(({ endedAt }) => endedAt !== undefined)) {
    const key = `${run.scanner} ${run.image}`;
    if ((last.get(key)?.day ?? '') <= run.day) last.set(key, run);
  }
  return [...last.values()];
}

function resultOf({ findings, packages, code, reason, lastProblem }: Run): string {
  if (packages !== undefined) return `an SBOM of ${plural(packages, 'package')}`;
  if (findings !== undefined) return plural(findings, 'finding');
  return [code, reason, lastProblem].filter(Boolean).join(': ').slice(0, 300);
}
