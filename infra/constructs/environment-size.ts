import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { LadingError } from '../../lib/core/errors.ts';

/** Lambda quotas, "Environment variables": 4 KB for names and values together. */
const LIMIT_BYTES = 4096;

/** Lengths that references can have once they are resolved; those not named are taken for a long ARN. */
const lengths: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 10,
  'AWS::Region': 14,
  'AWS::URLSuffix': 16,
};
const LONG_REFERENCE = 130;

/**
 * Refuses an environment that Lambda would refuse, before anything is deployed.
 *
 * @throws LadingError `environment-too-large` naming the largest variables
 */
export function requireFittingEnvironment(
  scope: IConstruct,
  functionName: string,
  environment: Readonly<Record<string, string>>,
): void {
  const stack = Stack.of(scope);
  const sizes = Object.entries(environment)
    .map(([name, value]) => ({ name, bytes: Buffer.byteLength(name) + lengthOf(stack.resolve(value)) }))
    .sort((a, b) => b.bytes - a.bytes);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= LIMIT_BYTES) return;
  const largest = sizes.slice(0, 3).map(({ name, bytes }) => `${name} ${bytes}`);
  throw new LadingError(
    'environment-too-large',
    `the environment of ${functionName} is about ${total} bytes and Lambda takes ${LIMIT_BYTES}: ${largest.join(', ')}`,
    { hint: 'they are packed already; shorten those parts of the configuration, for example by fewer, broader rules' },
  );
}

/** Bytes of a value of the template, with what is not known yet at its longest. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce((sum: number, part) => sum + lengthOf(part), 0);
  if (value === null || typeof value !== 'object') return String(value).length;
  const [[intrinsic, argument] = ['', undefined]] = Object.entries(value);
  if (intrinsic === 'Ref') return lengths[String(argument)] ?? LONG_REFERENCE;
  if (intrinsic === 'Fn::Join' && Array.isArray(argument)) {
    const [separator, parts] = argument as [string, unknown[]];
    return lengthOf(parts) + Buffer.byteLength(separator) * Math.max(0, parts.length - 1);
  }
  return LONG_REFERENCE;
}
