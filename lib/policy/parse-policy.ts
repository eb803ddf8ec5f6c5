import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { type PolicyConfig, policyConfigSchema } from './config.ts';

/** @throws LadingError `policy-invalid`, naming every member that is wrong */
export function parsePolicy(value: unknown): PolicyConfig {
  const parsed = policyConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new LadingError('policy-invalid', `the policy is not valid: ${z.prettifyError(parsed.error)}`, {
    hint: 'an exception needs id, reason and until; severities are critical, high, medium, low, negligible, unknown',
  });
}
