/** Sources that each break one rule, and the rule. They are written to a temporary folder and never compiled. */
export const planted: readonly { readonly rule: string; readonly files: Readonly<Record<string, string>> }[] = [
  {
    rule: 'no-circular',
    files: {
      'lib/alpha/one.ts': "import { two } from './two.ts';\nexport const one = (): number => two();\n",
      'lib/alpha/two.ts': "import { one } from './one.ts';\nexport const two = (): number => one();\n",
    },
  },
  {
    rule: 'core-is-pure',
    files: {
      'lib/core/impure.ts': "import { z } from 'zod';\nexport const impure = z;\n",
    },
  },
  {
    rule: 'kernel-below-capabilities',
    files: {
      'lib/events/up.ts': "import { beta } from '../beta/index.ts';\nexport const up = beta;\n",
      'lib/beta/index.ts': 'export const beta = 1;\n',
    },
  },
  {
    rule: 'lib-never-up',
    files: {
      'lib/alpha/up.ts': "import { beside } from '../../functions/one/beside.ts';\nexport const up = beside;\n",
      'functions/one/beside.ts': 'export const beside = 1;\n',
    },
  },
  {
    rule: 'no-cdk-at-runtime',
    files: { 'functions/one/cdk.ts': "import { App } from 'aws-cdk-lib/core';\nexport const app = App;\n" },
  },
  {
    rule: 'sdk-only-in-adapters',
    files: { 'lib/alpha/sdk.ts': "import { S3Client } from '@aws-sdk/client-s3';\nexport const client = S3Client;\n" },
  },
  {
    rule: 'adapters-only-at-composition',
    files: {
      'lib/alpha/wired.ts': "import { adapter } from './adapters/adapter.ts';\nexport const wired = adapter;\n",
      'lib/alpha/adapters/adapter.ts': 'export const adapter = 1;\n',
    },
  },
  {
    rule: 'capability-by-public-face',
    files: {
      'lib/alpha/reach.ts': "import type { Inside } from '../beta/inside.ts';\nexport type Reach = Inside;\n",
      'lib/beta/inside.ts': 'export type Inside = number;\n',
    },
  },
  {
    rule: 'functions-apart',
    files: {
      'functions/one/other.ts': "import { beside } from '../two/beside.ts';\nexport const other = beside;\n",
      'functions/two/beside.ts': 'export const beside = 1;\n',
    },
  },
  {
    rule: 'infra-reads-data-only',
    files: {
      'infra/stacks/code.ts': "import { beta } from '../../lib/beta/index.ts';\nexport const code = beta;\n",
      'lib/beta/index.ts': 'export const beta = 1;\n',
    },
  },
];
