import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fromCaller } from '../../lib/cli/connection.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { type TaskKind, taskKinds } from '../../lib/scanners/config.ts';

export const usage = `usage: npm start [-- options]

Starts Lading on this machine: registries, queues, tables and functions of the same template that is deployed.

  --once SOURCE   take one image through every stage and stop: exit 0 when the gate allows it, 1 when it does not
                  SOURCE: oci:FOLDER[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF] or registry/name:tag
  --data FOLDER   where everything is kept (default: .lading)
  --port NUMBER   registries from this port on, pages at +80, AWS facade at +90 (default: 5100; 0: any free ports)
  --no-sample     do not push the sample image
  --advisories P  a folder or file of advisories to match against, beside the bundled ones
  --edge FILE     serve only as a pull-through mirror, by this file (JSON; infra/local/edge.ts lists what it takes)
  --import FILE   with --edge: take a bundle (or each volume of it) into the edge's folder, and stop; --site NAME and
                  --hub-key FILE where the edge's own file does not make it a site
  --pull-gate     hand out only images that have a verdict; our own functions may read all
  --scanner KIND  also have the program trivy, grype, docker-scout or snyk of this machine scan each image (repeatable)
  --help          this text`;

export interface StartOptions {
  readonly once: string | undefined;
  readonly edge: string | undefined;
  /** A bundle that the edge takes in. */
  readonly bundle: EdgeBundle | undefined;
  readonly dataDir: string;
  readonly port: number;
  readonly sample: boolean;
  readonly pullGate: boolean;
  readonly advisories: readonly string[];
  readonly scanners: readonly TaskKind[];
}

export interface EdgeBundle {
  readonly files: readonly string[];
  readonly site: string | undefined;
  readonly hubKeys: readonly string[];
}

const root = join(import.meta.dirname, '..', '..');
const DEFAULT_PORT = 5100;

/** @throws LadingError `usage` */
export function parseOptions(args: readonly string[]): StartOptions | 'help' {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw new LadingError('usage', (error as Error).message, { hint: 'npm start -- --help lists the options' });
  }
  if (values.help) return 'help';
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_000) {
    throw new LadingError('usage', `"${values.port}" is not a port`, { hint: 'a number from 0 to 65000' });
  }
  return {
    once: values.once,
    edge: values.edge === undefined ? undefined : fromCaller(values.edge),
    bundle: toBundle(values),
    dataDir: values.data === undefined ? join(root, '.lading') : fromCaller(values.data),
    port,
    sample: !values['no-sample'],
    pullGate: values['pull-gate'] === true,
    advisories: (values.advisories ?? []).map(fromCaller),
    scanners: [...new Set(values.scanner ?? [])].map(toTaskKind),
  };
}

function toBundle(values: ReturnType<typeof parse>): EdgeBundle | undefined {
  const { import: files = [], 'hub-key': hubKeys = [], site, edge } = values;
  if (files.length === 0) return undefined;
  if (edge !== undefined) {
    return { files: files.map(fromCaller), site, hubKeys: hubKeys.map(fromCaller) };
  }
  throw new LadingError('usage', 'a bundle is imported into an edge', {
    hint: '--edge FILE --import BUNDLE',
  });
}

function toTaskKind(name: string): TaskKind {
  const kind = taskKinds.find((one) => one === name);
  if (kind !== undefined) return kind;
  throw new LadingError('usage', `"${name}" is no scanner that runs as a program`, {
    hint: `one of ${taskKinds.join(', ')}`,
  });
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      once: { type: 'string' },
      edge: { type: 'string' },
      import: { type: 'string', multiple: true },
      site: { type: 'string' },
      'hub-key': { type: 'string', multiple: true },
      data: { type: 'string' },
      port: { type: 'string' },
      'no-sample': { type: 'boolean' },
      'pull-gate': { type: 'boolean' },
      advisories: { type: 'string', multiple: true },
      scanner: { type: 'string', multiple: true },
      help: { type: 'boolean' },
    },
    strict: true,
  }).values;
