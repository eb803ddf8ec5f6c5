import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Argument, Command, Option } from '@commander-js/extra-typings';
import { systemClock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { UsedImage } from '../../lifecycle/index.ts';
import { connect, fromCaller } from '../connection.ts';
import { defuse, say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { usageAnswer } from '../retention-shapes.ts';
import { apiOption, dataOption } from './options.ts';

const BATCH = 2_000;
const sources = ['kubernetes', 'ecs', 'lambda', 'apprunner', 'sagemaker', 'files'] as const;

export const usageCommand = () =>
  new Command('usage').description('tell what runs, so that retention leaves it alone').addCommand(reportCommand());

const reportCommand = () =>
  new Command('report')
    .description('read what runs, or is to run, and hold it; meant for a cron job')
    .addOption(new Option('--from <source>', 'where to look').choices(sources).makeOptionMandatory())
    .requiredOption('--collector <name>', 'under which it counts as heard: the name in the setting "retention"')
    .addArgument(
      new Argument(
        '[paths...]',
        'with "files": manifests, values or folders of them; with "kubernetes": output of kubectl get -o json instead of the cluster',
      ),
    )
    .option('--lease-hours <number>', 'how long it is held: longer than until the next report', Number, 48)
    .option('--region <name>', 'with services of AWS (default: AWS_REGION)')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (paths, options) => {
      const connection = connect(options);
      // What is seen is as old as the moment before it was looked for.
      const observedAt = systemClock.now().toISOString();
      const images = await readSource(options.from, paths, options.region);
      const total = { held: 0, unknown: 0 };
      for (let i = 0; i === 0 || i < images.length; i += BATCH) {
        const { collector, leaseHours } = options;
        const report = { collector, observedAt, leaseHours, complete: i + BATCH >= images.length };
        const request = { ...report, images: images.slice(i, i + BATCH) };
        const told = await postJson(connection, '/api/usage', request, usageAnswer);
        total.held += told.held;
        total.unknown += told.unknown;
        for (const image of told.condemned) say(`too late: ${defuse(image)} is being deleted`);
      }
      say(`${images.length} images seen, ${total.held} held, ${total.unknown} of other registries`);
    });

async function readSource(
  from: (typeof sources)[number],
  paths: readonly string[],
  region: string | undefined,
): Promise<readonly UsedImage[]> {
  switch (from) {
    case 'kubernetes': {
      const { readKubernetes } = await import('../../lifecycle/usage/read-kubernetes.ts');
      if (paths.length > 0) return await readKubernetes(fromLists(paths));
      const { clusterHere, kubernetesReader } = await import('../../lifecycle/adapters/kubernetes-reader.ts');
      return await readKubernetes(kubernetesReader(await clusterHere(process.env)));
    }
    case 'files': {
      const { readDesiredState } = await import('../../lifecycle/usage/read-desired-state.ts');
      const { images, unreadable } = readDesiredState(paths.flatMap((path) => filesBelow(fromCaller(path))));
      for (const path of unreadable) say(`not readable, and so left out: ${defuse(path)}`);
      return images;
    }
    default: {
      const [{ readAws }, { awsReader }] = await Promise.all([
        import('../../lifecycle/usage/read-aws.ts'),
        import('../../lifecycle/adapters/aws-reader.ts'),
      ]);
      return await readAws(from, awsReader(region));
    }
  }
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 20_000;

/** YAML below a folder, or one file. Links are not followed. */
function filesBelow(path: string): { readonly path: string; readonly text: string }[] {
  const read = (file: string) => ({ path: relative(path, file) || file, text: readFileSync(file, 'utf8') });
  if (!statSync(path).isDirectory()) return [{ path, text: readFileSync(path, 'utf8') }];
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name) && !/(?:^|\/)\.git(?:\/|$)/.test(entry.parentPath),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size <= MAX_FILE_BYTES);
  if (files.length > MAX_FILES) throw new LadingError('usage-unreadable', `${path} holds more than ${MAX_FILES} files`);
  return files.map(read);
}

/** `kubectl get pods,deployments,… -A -o json`, of one file or several: each is given for the kinds that it holds. */
function fromLists(paths: readonly string[]): { get(path: string): Promise<unknown> } {
  const items = paths.flatMap((path) => {
    const list = parseJsonStrict(readFileSync(fromCaller(path)), { what: path }) as { items?: unknown };
    if (!Array.isArray(list.items)) throw new LadingError('usage-unreadable', `${path} is no list of kubectl`);
    return list.items as { kind?: unknown }[];
  });
  return {
    get: async (path) => {
      const kind = /\/([a-z]+)\?/.exec(path)?.[1]?.replace(/s$/, '');
      return { items: items.filter((item) => String(item.kind).toLowerCase() === kind) };
    },
  };
}
