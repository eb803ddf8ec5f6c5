import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { LadingFunction } from '../../../infra/constructs/lading-function.ts';
import { checkWithNag } from '../../../infra/nag.ts';
import { build, removeFolders } from './synthesis.ts';

afterEach(() => vi.restoreAllMocks());
afterAll(removeFolders);

const regions = { primaryRegion: 'eu-central-1', replicaRegions: ['us-east-1'] };

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

/** Synthesizes and tells the findings of the rule packs as `rule at path`. */
function findings(app: { synth(): unknown; outdir: string }): { failed: boolean; found: string[] } {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  let failed = false;
  try {
    app.synth();
  } catch {
    failed = true;
  }
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as Report;
  const found = report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    ),
  );
  return { failed, found };
}

describe('the rule packs AwsSolutions and Serverless', () => {
  it('find nothing that is not acknowledged with its reason, whether the account is known or not', async () => {
    for (const account of [{}, { account: '111122223333' }]) {
      const { app } = await build({ ...regions, ...account }, { checked: true });
      expect(findings(app)).toEqual({ failed: false, found: [] });
    }
  });

  it('are told of no acknowledgement that nothing needs any more', async () => {
    const { app } = await build(regions, { checked: false });
    // Only synthesis gives the parameters of nested stacks their names.
    app.synth();
    const found = [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap((pack) =>
      pack
        .validateScope(app)
        .violations.flatMap(({ ruleName, violatingResources }) =>
          violatingResources.map(({ constructPath }) => ({ ruleName, path: `${constructPath}/` })),
        ),
    );
    checkWithNag(app);
    const acknowledged = app.node.findAll().flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.keys(data))
        .map((id) => ({ ruleName: id.replace(/^annotation::/i, ''), path: `${node.path}/` })),
    );
    expect(acknowledged.length).toBeGreaterThan(50);
    const stale = acknowledged.filter(
      ({ ruleName, path }) => !found.some((finding) => finding.ruleName === ruleName && finding.path.startsWith(path)),
    );
    expect(stale).toEqual([]);
  });

  it('fail the synthesis for what was planted, and for that only', async () => {
    const { app, primary } = await build(regions, { checked: true });
    new Queue(primary, 'Planted');
    const handler = primary.node.findAll().find((construct) => construct instanceof LadingFunction);
    handler?.role.addToPolicy(new PolicyStatement({ actions: ['s3:*'], resources: ['arn:aws:s3:::planted/*'] }));
    const { failed, found } = findings(app);
    expect(failed).toBe(true);
    expect([...new Set(found.map((finding) => finding.split(' at ')[0]))].sort()).toEqual([
      'AwsSolutions-IAM5[Action::s3:*]',
      'AwsSolutions-IAM5[Resource::arn:aws:s3:::planted/*]',
      'AwsSolutions-SQS3',
      'AwsSolutions-SQS4',
      'Serverless-SQSRedrivePolicy',
    ]);
    expect(found.every((finding) => /Planted|DefaultPolicy/.test(finding))).toBe(true);
  });
});
