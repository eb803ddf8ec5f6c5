import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { type AppOptions, buildApp, type LadingApp } from '../../../infra/app.ts';
import { functionDeclarations } from '../../../infra/functions.ts';
import type { Template as StackTemplate } from '../../../infra/local/template/model.ts';
import { withoutNestedStacks } from '../../../infra/local/template/nested-stacks.ts';

// The CDK's own validator takes several times as long as the synthesis; `npm run check` lets it run.
process.env.CDK_VALIDATION = 'false';
delete process.env.CDK_DEFAULT_ACCOUNT;

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: templates are read by path, and a wrong path fails the assertion
  readonly Properties: any;
  readonly DeletionPolicy?: string;
}

export interface Synthesis extends LadingApp {
  /** Of the primary stack, with what its nested stacks hold. */
  readonly template: Template;
  /** Each template as it is deployed, by its file's name. */
  readonly deployed: ReadonlyMap<string, StackTemplate>;
  readonly replicaTemplates: readonly Template[];
  /** Resources of the primary stack by logical id. */
  readonly resources: Readonly<Record<string, Resource>>;
}

const folders: string[] = [];

export function newFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A folder with a bundle per function that does nothing: templates do not depend on what a bundle holds. */
export function emptyBundles(): string {
  const folder = newFolder('lading-bundles-');
  for (const { name } of functionDeclarations) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), `export const handler = async () => ${JSON.stringify(name)};\n`);
  }
  return folder;
}

/** Feature flags among it: without them, some constructs are made another way. */
export const contextOfCdkJson = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../cdk.json'), 'utf8')).context;

/** Builds the app with the feature flags of cdk.json, a configuration of its own, and bundles that do nothing. */
export function build(
  lading: Readonly<Record<string, unknown>> | string,
  options: Partial<AppOptions> = {},
): Promise<LadingApp> {
  return buildApp({
    bundles: emptyBundles(),
    outdir: newFolder('lading-cdk-'),
    checked: false,
    ...options,
    context: { ...contextOfCdkJson(), lading, ...options.context },
  });
}

/** The nested template that an address names by the hash of its asset. */
function nestedIn(directory: string, url: unknown): StackTemplate {
  const hash = /[0-9a-f]{64}/.exec(JSON.stringify(url))?.[0] ?? '';
  const manifests = readdirSync(directory).filter((file) => file.endsWith('.assets.json'));
  for (const file of manifests) {
    const { files } = JSON.parse(readFileSync(join(directory, file), 'utf8'));
    if (files[hash]) return JSON.parse(readFileSync(join(directory, files[hash].source.path), 'utf8'));
  }
  throw new Error(`no asset for ${JSON.stringify(url)}`);
}

export async function synthesize(
  lading: Readonly<Record<string, unknown>>,
  options: Partial<AppOptions> = {},
): Promise<Synthesis> {
  const built = await build(lading, options);
  const { directory, stacks } = built.app.synth();
  const deployed = new Map(
    readdirSync(directory)
      .filter((file) => file.endsWith('.template.json'))
      .map((file) => [file, JSON.parse(readFileSync(join(directory, file), 'utf8')) as StackTemplate]),
  );
  const { templateFile } = stacks.find(({ stackName }) => stackName === built.primary.stackName) as {
    templateFile: string;
  };
  const template = Template.fromJSON(
    withoutNestedStacks(deployed.get(templateFile) as StackTemplate, templateFile, (url) => nestedIn(directory, url)),
  );
  return {
    ...built,
    template,
    deployed,
    replicaTemplates: built.replicas.map((stack) => Template.fromStack(stack)),
    resources: template.toJSON().Resources as Record<string, Resource>,
  };
}
