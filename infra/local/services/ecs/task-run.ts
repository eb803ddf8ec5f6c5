import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeError } from '../../../../lib/core/errors.ts';
import { type ProgramEnd, runProgram } from './run-program.ts';

/** A container of a task definition, as far as this machine can be it. */
export interface ContainerDefinition {
  readonly name: string;
  readonly entryPoint: readonly string[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** Names of variables that are filled from secrets: here they are those of the machine. */
  readonly secretNames: readonly string[];
  /** Where the folder that the containers share is mounted. */
  readonly workFolder: string | undefined;
  /** The function whose bundle is the folder that it runs in. */
  readonly ownCode?: string | undefined;
}

/** A bundle, with what the code in it finds in its environment. */
export interface OwnCode {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly localise: (text: string) => string;
}

export interface ContainerState {
  readonly name: string;
  readonly exitCode?: number;
  readonly reason?: string;
}

export interface TaskPlace {
  /** The registry of the machine in the place of a name that only exists on AWS. */
  readonly localise: (text: string) => string;
  readonly codeOf: (functionName: string) => OwnCode;
  /** Puts an object into a bucket as the task's role. @throws where it may not */
  readonly upload: (bucket: string, key: string, content: Uint8Array) => Promise<void>;
  readonly machine: Readonly<Record<string, string | undefined>>;
}

/** Options of the scanners that are set on this machine. */
const OF_SCANNERS = /^(?:TRIVY|GRYPE|SYFT|SNYK|DOCKER_SCOUT)_[A-Z0-9_]+$|^(?:HTTPS?|NO)_PROXY$/;
const MAX_UPLOAD = 64 * 1024 * 1024 + 1;

/**
 * Runs the containers of a task in the order in which they depend on each other. A container of the shell logs in to
 * ECR, which nobody needs to do here; the AWS CLI's one command, `s3 cp FILE s3://…`, is carried out; any other is a
 * program of this machine.
 */
export async function runContainers(
  containers: readonly (ContainerDefinition & { readonly command: readonly string[] })[],
  place: TaskPlace,
  signal: AbortSignal,
): Promise<readonly ContainerState[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lading-task-'));
  try {
    const states: ContainerState[] = [];
    for (const container of containers) states.push(await runContainer(container, place, folder, signal));
    return states;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runContainer(
  container: ContainerDefinition & { readonly command: readonly string[] },
  { localise, upload, machine, codeOf }: TaskPlace,
  folder: string,
  signal: AbortSignal,
): Promise<ContainerState> {
  const { name, entryPoint, command, workFolder } = container;
  const inFolder = (text: string): string => (workFolder === undefined ? text : relocate(text, workFolder, folder));
  const [program = ''] = entryPoint;
  if (program === 'sh') return { name, exitCode: 0 };
  if (program === 'aws') return copyToBucket(name, command.map(inFolder), upload);
  if (container.ownCode !== undefined) return runOwnCode(container, codeOf(container.ownCode), folder, signal);
  const end = await runProgram({
    entryPoint: program,
    arguments: [...entryPoint.slice(1), ...command].map((argument) => localise(inFolder(argument))),
    environment: {
      ...environmentOf(machine, container.secretNames),
      ...Object.fromEntries(container.environment.map((one) => [one.name, inFolder(one.value)])),
      TMPDIR: folder,
    },
    ...{ folder, signal },
  });
  return stateOf(name, end);
}

function stateOf(name: string, end: ProgramEnd): ContainerState {
  switch (end.kind) {
    case 'absent':
      return { name, reason: end.reason };
    case 'ended':
      return { name, exitCode: end.exitCode, ...(end.said ? { reason: end.said } : {}) };
  }
}

/** With this process's own Node, in the folder of the bundle. */
async function runOwnCode(
  { name, entryPoint, command, environment }: ContainerDefinition & { readonly command: readonly string[] },
  code: OwnCode,
  folder: string,
  signal: AbortSignal,
): Promise<ContainerState> {
  const given = environment.map((one) => [one.name, code.localise(one.value)] as const);
  const end = await runProgram({
    ...{
      entryPoint: entryPoint[0] ?? '',
      arguments: [...entryPoint.slice(1), ...command],
      folder: code.folder,
      signal,
    },
    environment: {
      ...Object.fromEntries(given),
      ...code.environment,
      ...{ PATH: dirname(process.execPath), TMPDIR: folder },
    },
  });
  return stateOf(name, end);
}

/** A path that is an argument, or an option's value; never a part of an image's name, which has neither `=` nor such a start. */
function relocate(text: string, from: string, to: string): string {
  if (text === from || text.startsWith(`${from}/`)) return `${to}${text.slice(from.length)}`;
  return text.replace(`=${from}/`, () => `=${to}/`);
}

const environmentOf = (
  machine: TaskPlace['machine'],
  secretNames: readonly string[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(machine).flatMap(([name, value]) =>
      value !== undefined && (OF_SCANNERS.test(name) || ['PATH', 'HOME', ...secretNames].includes(name))
        ? [[name, value]]
        : [],
    ),
  );

async function copyToBucket(
  name: string,
  command: readonly string[],
  upload: TaskPlace['upload'],
): Promise<ContainerState> {
  const [file, target] = command.slice(-2);
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(target ?? '') ?? [];
  if (command[0] !== 's3' || command[1] !== 'cp' || !file || !bucket || !key) {
    return { name, exitCode: 252, reason: `aws ${command.join(' ')} is not carried out here` };
  }
  try {
    await upload(bucket, key, await readCapped(file));
    return { name, exitCode: 0 };
  } catch (error) {
    return { name, exitCode: 1, reason: describeError(error) };
  }
}

/** No more than the reader takes, and one byte, which it refuses. */
async function readCapped(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, MAX_UPLOAD));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
