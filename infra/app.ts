import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Environment } from 'aws-cdk-lib/core';
import { z } from 'zod';
import type { FunctionDeclaration } from '../functions/_pipe/function.ts';
import { describeError } from '../lib/core/errors.ts';
import { parseJsonStrict } from '../lib/core/json.ts';
import { type LadingConfig, namePrefix, readConfig } from './config.ts';
import { functionDeclarations } from './functions.ts';
import { isWanted } from './settings.ts';
import { PrimaryStack } from './stacks/primary-stack.ts';
import { ReplicaStack } from './stacks/replica-stack.ts';

const root = join(import.meta.dirname, '..');

export interface AppOptions {
  /** Takes the place of the context of cdk.json, and gives way to that of the CDK CLI (`-c`, CDK_CONTEXT_JSON). */
  readonly context?: Readonly<Record<string, unknown>>;
  /** @default LADING_BUNDLES, or dist/functions */
  readonly bundles?: string;
  /** @default CDK_OUTDIR (which the CDK CLI sets), or cdk.out */
  readonly outdir?: string;
  /** Whether synthesis also checks the app against the rule packs of nag.ts. */
  readonly checked: boolean;
  /** @default every function of the system */
  readonly functions?: readonly FunctionDeclaration[];
}

export interface LadingApp {
  readonly app: App;
  readonly config: LadingConfig;
  readonly primary: PrimaryStack;
  readonly replicas: readonly ReplicaStack[];
}

/** Builds the app: a primary stack, and a replica stack per further region. Nothing is asked of AWS. */
export async function buildApp(options: AppOptions): Promise<LadingApp> {
  const app = new App({
    context: { ...(options.context ?? contextOfCdkJson()) },
    outdir: options.outdir ?? process.env.CDK_OUTDIR ?? join(root, 'cdk.out'),
    analyticsReporting: false,
    // The CLI's own second synthesis would report a failure twice.
    autoSynth: false,
  });
  const config = readConfig({
    lading: app.node.tryGetContext('lading'),
    stage: app.node.tryGetContext('stage'),
  });
  const prefix = namePrefix(config);
  const functions = (options.functions ?? functionDeclarations).filter((declaration) => isWanted(declaration, config));
  const primary = new PrimaryStack(app, prefix, {
    ...stackProps(config, config.primaryRegion),
    description: 'Lading: container image lifecycle management',
    config,
    functions,
    bundles: options.bundles ?? process.env.LADING_BUNDLES ?? join(root, 'dist', 'functions'),
  });
  if (config.availability.front) {
    // Few have one, and CloudFront is a large part of the library to load.
    const { MirrorFront } = await import('./constructs/mirror-front.ts');
    new MirrorFront(primary, 'Front', { ...config.availability.front, prefix });
  }
  const patterns = functions.flatMap(({ trigger }) =>
    trigger.kind === 'events' && trigger.bus === 'default' ? [trigger.pattern] : [],
  );
  const replicas = config.replicaRegions.map(
    (region) =>
      new ReplicaStack(app, `${prefix}-${region}`, {
        ...stackProps(config, region),
        description: `Lading: sends events of ${region} on to ${config.primaryRegion}`,
        config,
        patterns,
      }),
  );
  if (options.checked) {
    // cdk-nag costs as much to load as all the rest takes.
    const { checkWithNag } = await import('./nag.ts');
    checkWithNag(app);
  }
  return { app, config, primary, replicas };
}

/**
 * The region is always said. The account is that of the configuration or of the CDK CLI's credentials; without either
 * it stays a reference in the template, so that synthesis works for anyone, offline.
 */
function stackProps(config: LadingConfig, region: string): { env: Environment; tags: Record<string, string> } {
  const account = config.account ?? process.env.CDK_DEFAULT_ACCOUNT;
  return { env: { region, ...(account ? { account } : {}) }, tags: { application: namePrefix(config) } };
}

/** The CDK CLI hands the context of cdk.json over; run directly, the app reads it itself. */
function contextOfCdkJson(): Readonly<Record<string, unknown>> {
  const text = readFileSync(join(root, 'cdk.json'), 'utf8');
  return z.object({ context: z.record(z.string(), z.unknown()) }).parse(parseJsonStrict(text, { what: 'cdk.json' }))
    .context;
}

if (import.meta.main) {
  try {
    const { app } = await buildApp({ checked: process.env.CDK_VALIDATION !== 'false' });
    app.synth();
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
}
