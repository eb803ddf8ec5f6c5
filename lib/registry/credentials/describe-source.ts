import type { SecretSource } from './model.ts';

/** Names a source for messages: what it is called, never what it holds. */
export function describeSource(source: SecretSource): string {
  if ('secret' in source) return `the secret "${source.secret}"`;
  return 'parameter' in source ? `the parameter "${source.parameter}"` : `the variable ${source.variable}`;
}

/** The same source, the same text. */
export function sourceKey(source: SecretSource): string {
  if ('secret' in source) return `secret ${source.secret}`;
  return 'parameter' in source ? `parameter ${source.parameter}` : `variable ${source.variable}`;
}
