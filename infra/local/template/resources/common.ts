import { z } from 'zod';
import { physicalName } from '../physical-names.ts';
import type { ResourceRequest, ResourceResult } from '../provision.ts';

/** CloudFormation takes numbers and booleans as texts, too. */
export const integer = z.coerce.number().int();
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** The name that the template gives, or one derived from the logical id. */
export const nameOf = (
  request: ResourceRequest,
  given: string | undefined,
  rule: { readonly maxLength: number; readonly lowerCase?: boolean },
): string => given ?? physicalName(request.identity, rule);

export const arnOf = (request: ResourceRequest, service: string, resource: string): string =>
  `arn:aws:${service}:${request.stack.region}:${request.stack.accountId}:${resource}`;

/** The result of a resource whose service the stack was started without. */
export const withoutBackend = (result: ResourceResult, service: string): ResourceResult => ({
  ...result,
  skipped: `the stack runs without ${service}`,
});
