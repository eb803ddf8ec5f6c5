import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Argument, Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { containerdFiles, dockerFiles, podmanFiles } from '../../availability/index.ts';
import { LadingError } from '../../core/errors.ts';
import { isRegistryHost } from '../../core/image-reference.ts';
import { getJson } from '../api-client.ts';
import { connect, fromCaller } from '../connection.ts';
import { type Cell, defuse, printJson, say } from '../output.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

/** It becomes part of a file's name. */
const host = z.string().refine(isRegistryHost);
const reportSchema = z.object({
  registry: z.string(),
  state: z.enum(['up', 'down', 'unknown']),
  successRate: z.number().optional(),
  medianMs: z.number().optional(),
  probes: z.number(),
  lastProbe: z.string().optional(),
  lastFailure: z.object({ at: z.string(), detail: z.string() }).optional(),
  down: z.object({ since: z.string(), askedAgainAt: z.string() }).optional(),
});
const registriesAnswer = z.object({
  registries: z.array(reportSchema),
  locations: z.array(z.object({ name: z.string(), registries: z.array(z.string()) })),
  routes: z.array(
    z.object({
      host,
      mirrors: z.array(z.object({ host, prefix: z.string(), insecure: z.boolean() })),
    }),
  ),
});

const writers = { containerd: containerdFiles, docker: dockerFiles, podman: podmanFiles } as const;
const clients = Object.keys(writers) as (keyof typeof writers)[];

export const registriesCommand = () =>
  new Command('registries')
    .description('how registries are, and what container runtimes are to be told of them')
    .addCommand(statusCommand(), { isDefault: true })
    .addCommand(clientConfigCommand());

const statusCommand = () =>
  new Command('status')
    .description('how registries answer, by the probes of the last hours')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { registries, locations } = await getJson(connect(options), '/api/registries', registriesAnswer);
      if (options.output === 'json') return printJson({ registries, locations });
      printTable(
        ['REGISTRY', 'STATE', 'ANSWERED', 'MEDIAN MS', 'LAST PROBE', 'LAST FAILURE'],
        registries.map((one) => [
          one.registry,
          stateCell(one.state),
          one.successRate === undefined ? '-' : `${(one.successRate * 100).toFixed(1)} % of ${one.probes}`,
          one.medianMs === undefined ? '-' : String(one.medianMs),
          one.lastProbe ?? '-',
          one.lastFailure === undefined ? '-' : `${one.lastFailure.at} ${one.lastFailure.detail}`,
        ]),
      );
    });

const stateCell = (state: z.infer<typeof reportSchema>['state']): Cell =>
  state === 'up' ? state : { text: state, style: state === 'down' ? ['red', 'bold'] : 'dim' };

const clientConfigCommand = () =>
  new Command('client-config')
    .description('the configuration that makes a container runtime ask replicas, too')
    .addArgument(new Argument('<client>', 'for what').choices(clients))
    .option('--write <folder>', 'write the files below this folder instead of printing them')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (client, options) => {
      const { routes } = await getJson(connect(options), '/api/registries', registriesAnswer);
      if (routes.length === 0) {
        throw new LadingError('no-replicas', 'no registry is copied anywhere', {
          hint: 'the setting replication says what is copied where',
        });
      }
      const { files, losses } = writers[client](routes);
      for (const { path, text } of files) {
        if (options.write === undefined) process.stdout.write(`# ${defuse(path)}\n${text}\n`);
        else writeBelow(fromCaller(options.write), path, text);
      }
      for (const loss of losses) say(defuse(loss));
    });

function writeBelow(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  say(`wrote ${file}`);
}
