import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FunctionsOptions, LocalFunctions } from '../../../../infra/local/lambda/local-functions.ts';
import type { FunctionDefinition } from '../../../../infra/local/template/backends.ts';

export const place = { region: 'eu-central-1', accountId: '111122223333' } as const;
export const functionArn = (name: string): string =>
  `arn:aws:lambda:${place.region}:${place.accountId}:function:${name}`;

export interface FunctionBench {
  readonly functions: LocalFunctions;
  readonly folder: string;
  /** Adds a function whose code is the source of an ES module. */
  add(name: string, source: string, more?: Partial<FunctionDefinition>): Promise<string>;
  close(): Promise<void>;
}

/** Functions whose handlers are written into a temporary folder. */
export async function functionBench(options: Partial<FunctionsOptions> = {}): Promise<FunctionBench> {
  const folder = await mkdtemp(join(tmpdir(), 'lading-functions-'));
  const functions = new LocalFunctions({
    logFolder: join(folder, 'logs'),
    maxWorkersPerFunction: 2,
    serviceEnvironment: () => ({ AWS_ACCESS_KEY_ID: 'key' }),
    ...options,
  });
  return {
    functions,
    folder,
    add: async (name, source, more = {}) => {
      const codeFolder = join(folder, name);
      await mkdir(codeFolder);
      await writeFile(join(codeFolder, 'index.mjs'), source);
      functions.createFunction({
        name,
        arn: functionArn(name),
        logicalId: `${name}Function`,
        stackName: 'Test',
        ...place,
        principal: 'Test-Role',
        codeFolder,
        handler: 'index.handler',
        environment: {},
        timeoutSeconds: 10,
        memoryMb: 128,
        reservedConcurrency: undefined,
        deadLetterArn: undefined,
        logGroup: `/aws/lambda/${name}`,
        logLevel: undefined,
        traced: false,
        ...more,
      });
      return functionArn(name);
    },
    close: async () => {
      await functions.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
