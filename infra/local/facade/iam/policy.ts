import { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';
import { type ConditionBlock, type ConditionContext, conditionsHold } from './conditions.ts';
import { matchesWildcard } from './wildcard.ts';

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const scalars = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const statement = z.object({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts.optional(),
  NotAction: texts.optional(),
  Resource: texts.optional(),
  NotResource: texts.optional(),
  Condition: z
    .record(z.string(), z.record(z.string(), z.union([scalars.transform((text) => [text]), z.array(scalars)])))
    .optional(),
});

const document = z.object({ Statement: z.union([statement.transform((one) => [one]), z.array(statement)]) });

/** One statement of an identity policy ("Grammar of the IAM JSON policy language"). */
export interface Statement {
  readonly policyName: string;
  readonly effect: 'Allow' | 'Deny';
  /** Lower case: actions are compared without regard to case. */
  readonly actions: readonly string[];
  readonly notActions: readonly string[] | undefined;
  readonly resources: readonly string[];
  readonly notResources: readonly string[] | undefined;
  readonly conditions: ConditionBlock;
}

/** @throws LadingError `policy-invalid` */
export function parsePolicy(policyName: string, policy: unknown): readonly Statement[] {
  const parsed = document.safeParse(policy);
  if (!parsed.success) {
    throw new LadingError('policy-invalid', `the policy ${policyName} is not one: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data.Statement.map((of) => ({
    policyName,
    effect: of.Effect,
    actions: (of.Action ?? []).map((action) => action.toLowerCase()),
    notActions: of.NotAction?.map((action) => action.toLowerCase()),
    resources: of.Resource ?? [],
    notResources: of.NotResource,
    conditions: of.Condition ?? {},
  }));
}

/** The pair of patterns by which a statement matched. */
export interface Match {
  readonly action: string;
  readonly resource: string;
}

/** How the statement applies to the call, or undefined where it does not. */
export function matchStatement(
  of: Statement,
  call: { readonly action: string; readonly resource: string; readonly context: ConditionContext },
): Match | undefined {
  const wanted = call.action.toLowerCase();
  const action =
    of.notActions === undefined
      ? of.actions.find((pattern) => matchesWildcard(pattern, wanted))
      : of.notActions.some((pattern) => matchesWildcard(pattern, wanted))
        ? undefined
        : 'NotAction';
  if (action === undefined) return undefined;
  const resource =
    of.notResources === undefined
      ? of.resources.find((pattern) => matchesResource(pattern, call.resource))
      : of.notResources.some((pattern) => matchesResource(pattern, call.resource))
        ? undefined
        : 'NotResource';
  if (resource === undefined) return undefined;
  return conditionsHold(of.conditions, call.context, of.effect === 'Deny') ? { action, resource } : undefined;
}

/** A call on all resources (`*`: ListTables and its like) needs a statement on `*`. */
const matchesResource = (pattern: string, resource: string): boolean =>
  resource === '*' ? pattern === '*' : matchesWildcard(pattern, resource);
