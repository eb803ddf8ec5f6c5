import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';
import { parseTemplate, type StackTemplate } from '../template/model.ts';
import { type NestedTemplates, withoutNestedStacks } from '../template/nested-stacks.ts';

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
 * Reads the stacks of a cloud assembly (manifest.json and what it names, nested assemblies of stages included), each
 * with what its nested stacks hold.
 *
 * @throws LadingError `assembly-invalid` or `template-invalid`
 */
export async function readAssembly(folder: string, defaults: DefaultEnvironment): Promise<readonly StackTemplate[]> {
  const { artifacts = {} } = await read(join(folder, 'manifest.json'), manifest);
  const paths = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts)) {
    if (type === 'cdk:asset-manifest' && properties?.file) await addAssets(folder, properties.file, paths);
  }
  const nested = await nestedTemplates(paths);
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
      template: withoutNestedStacks(
        parseTemplate(await read(join(folder, properties.templateFile), z.unknown()), stackName),
        stackName,
        nested,
      ),
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

const NESTED_TEMPLATE = '.nested.template.json';

/** The address of a nested template ends in the key that its asset is uploaded under. */
async function nestedTemplates(paths: ReadonlyMap<string, string>): Promise<NestedTemplates> {
  const templates = new Map<string, unknown>();
  for (const [key, path] of paths) {
    if (path.endsWith(NESTED_TEMPLATE)) templates.set(key, await read(path, z.unknown()));
  }
  return (url, path) => {
    const text = JSON.stringify(url);
    const found = [...templates].find(([key]) => text.includes(key));
    if (found) return parseTemplate(found[1], path);
    throw new LadingError('assembly-invalid', `${path}: the assembly holds no nested template for ${text}`);
  };
}

async function read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new LadingError('assembly-invalid', `${path} is not part of a cloud assembly`, { cause: error });
  }
}
