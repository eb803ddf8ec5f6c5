import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';
import { parseTemplate, type StackTemplate } from '../template/model.ts';

const artifact = z.object({
  type: z.string(),
  environment: z.string().optional(),
  properties: z
    .object({
      templateFile: z.string().optional(),
      stackName: z.string().optional(),
      file: z.string().optional(),
      directoryName: z.string().optional(),
    })
    .optional(),
});
const manifest = z.object({ artifacts: z.record(z.string(), artifact).optional() });
const assets = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .optional(),
});

/** Where stacks go that do not say: the template may leave region and account open. */
export interface DefaultEnvironment {
  readonly region: string;
  readonly accountId: string;
}

/**
 * Reads the stacks of a cloud assembly (manifest.json and what it names, nested assemblies of stages included).
 *
 * @throws LadingError `assembly-invalid` or `template-invalid`
 */
export async function readAssembly(folder: string, defaults: DefaultEnvironment): Promise<readonly StackTemplate[]> {
  const { artifacts = {} } = await read(join(folder, 'manifest.json'), manifest);
  const paths = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts)) {
    if (type === 'cdk:asset-manifest' && properties?.file) await addAssets(folder, properties.file, paths);
  }
  const stacks: StackTemplate[] = [];
  for (const [id, { type, environment = '', properties }] of Object.entries(artifacts)) {
    if (type === 'cdk:cloud-assembly' && properties?.directoryName) {
      stacks.push(...(await readAssembly(join(folder, properties.directoryName), defaults)));
    }
    if (type !== 'aws:cloudformation:stack' || !properties?.templateFile) continue;
    const stackName = properties.stackName ?? id;
    const [, accountId = '', region = ''] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment) ?? [];
    stacks.push({
      stackName,
      region: region === 'unknown-region' || region === '' ? defaults.region : region,
      accountId: accountId === 'unknown-account' || accountId === '' ? defaults.accountId : accountId,
      template: parseTemplate(await read(join(folder, properties.templateFile), z.unknown()), stackName),
      assetPath: (key) => paths.get(key),
    });
  }
  return stacks;
}

async function addAssets(folder: string, file: string, paths: Map<string, string>): Promise<void> {
  const { files = {} } = await read(join(folder, file), assets);
  for (const { source, destinations } of Object.values(files)) {
    if (source.path === undefined) continue;
    for (const { objectKey } of Object.values(destinations)) paths.set(objectKey, resolve(folder, source.path));
  }
}

async function read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new LadingError('assembly-invalid', `${path} is not part of a cloud assembly`, { cause: error });
  }
}
