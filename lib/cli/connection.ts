import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { once } from '../core/once.ts';
import { senderKinds } from '../intake/sender-kinds.ts';

/** What a running local stack writes into its data folder, so that the command line finds it. */
export const stackFileSchema = once(() =>
  z.object({
    pid: z.int().positive(),
    /** Base address of the API and the pages. */
    api: z.url(),
    /** The facade that answers for AWS. */
    endpoint: z.url(),
    region: z.string(),
    /** Name in references and events → address to push to. */
    registries: z.array(
      z.object({ host: z.string(), region: z.string(), url: z.url(), role: z.enum(['source', 'replica']) }),
    ),
    /** Name of the bucket of documents, into whose inbox advisories are put. */
    documentsBucket: z.string().optional(),
    /** Name of the bucket that registries are backed up to. */
    backupBucket: z.string().optional(),
    /** ARN of the secret that senders of push notifications prove themselves with, and who they are. */
    webhooksSecret: z.string().optional(),
    webhookSources: z
      .array(
        z.object({
          name: z.string(),
          kind: z.enum(senderKinds),
          registry: z.string(),
          repositoryInPath: z.boolean().optional(),
        }),
      )
      .optional(),
  }),
);
export type StackFile = z.infer<ReturnType<typeof stackFileSchema>>;

export interface Connection {
  readonly api: string;
  /** Set for the local stack; on AWS the SDK's own rules find endpoint and credentials. */
  readonly local: StackFile | undefined;
}

/** The folder that the user called from; the launcher changes to the project's root. */
export const callerFolder = (): string => process.env.LADING_CWD ?? process.cwd();

export const fromCaller = (path: string): string => resolve(callerFolder(), path);

export const stackFileOf = (dataFolder: string): string => join(dataFolder, 'stack.json');

/**
 * Finds the stack to talk to: `--api URL`, the variable LADING_API, or the local stack that runs on the data folder.
 * @throws LadingError `stack-not-running`
 */
export function connect(options: {
  readonly api?: string | undefined;
  readonly data?: string | undefined;
  /** For what a deployed stack cannot be asked by its API alone. */
  readonly onlyLocal?: boolean;
}): Connection {
  const api = options.onlyLocal ? undefined : (options.api ?? process.env.LADING_API);
  if (api) return { api: api.replace(/\/$/, ''), local: undefined };
  const folder = dataFolder(options.data);
  const local = readStackFile(stackFileOf(folder));
  if (local) return { api: local.api, local };
  throw new LadingError('stack-not-running', `no local stack runs on ${folder}`, {
    hint: options.onlyLocal
      ? 'start one with "npm start", or name the folder of one that runs with --data'
      : 'start one with "npm start", or name a deployed one with --api URL (the stack output ApiUrl)',
  });
}

/** The local stack on the data folder, if one runs. */
export const localStack = (data: string | undefined): StackFile | undefined =>
  readStackFile(stackFileOf(dataFolder(data)));

const dataFolder = (given: string | undefined): string =>
  given ? fromCaller(given) : join(process.env.LADING_ROOT ?? join(import.meta.dirname, '..', '..'), '.lading');

function readStackFile(file: string): StackFile | undefined {
  if (!existsSync(file)) return undefined;
  const parsed = stackFileSchema().safeParse(parseJsonStrict(readFileSync(file), { what: file }));
  if (!parsed.success || !isAlive(parsed.data.pid)) return undefined;
  return parsed.data;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
