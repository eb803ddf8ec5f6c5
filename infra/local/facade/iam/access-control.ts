import type { RequiredPermission } from '../../services/service.ts';
import type { PolicyBackend } from '../../template/backends.ts';
import { type ConditionContext, unknownConditions } from './conditions.ts';
import { managedPolicy } from './managed-policies.ts';
import { matchStatement, parsePolicy, type Statement } from './policy.ts';

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly why: string };

export interface DeniedCall {
  readonly at: Date;
  /** The name of the role. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly why: string;
}

export interface UnusedGrant {
  readonly principal: string;
  readonly policyName: string;
  readonly action: string;
  readonly resource: string;
}

interface Role {
  readonly arn: string;
  readonly statements: Statement[];
  /** `policy action resource` of the grants that were needed. */
  readonly used: Set<string>;
}

/** The most denied calls that are kept, so that a function in a loop does not fill the memory. */
const MAX_DENIED = 1000;

/**
 * The identity policies of the template's roles. A missing grant shows as a denied call, an excessive one as a grant
 * that nothing used. Resource policies, boundaries and service control policies are not evaluated.
 */
export class AccessControl implements PolicyBackend {
  readonly #roles = new Map<string, Role>();
  readonly #denied: DeniedCall[] = [];
  readonly #notes = new Set<string>();

  addRole({ name, arn, managedPolicyArns }: Parameters<PolicyBackend['addRole']>[0]): void {
    this.#roles.set(name, { arn, statements: [], used: new Set() });
    for (const managed of managedPolicyArns) {
      const document = managedPolicy(managed);
      if (document === undefined) this.#notes.add(`the managed policy ${managed} is not known here and grants nothing`);
      else this.addPolicy({ name: managed.split('/').at(-1) ?? managed, roleNames: [name], document });
    }
  }

  /** @throws LadingError `policy-invalid` */
  addPolicy({ name, roleNames, document }: Parameters<PolicyBackend['addPolicy']>[0]): void {
    const statements = parsePolicy(name, document);
    for (const roleName of roleNames) this.#roles.get(roleName)?.statements.push(...statements);
    for (const { conditions, effect } of statements) {
      for (const unknown of unknownConditions(conditions)) {
        const means = effect === 'Allow' ? 'never allows' : 'always denies';
        this.#notes.add(`the condition ${unknown} of policy ${name} is not evaluated here: its statement ${means}`);
      }
    }
  }

  /** What is not evaluated, to be shown at the start. */
  get notes(): readonly string[] {
    return [...this.#notes];
  }

  get deniedCalls(): readonly DeniedCall[] {
    return this.#denied;
  }

  roleArn(name: string): string | undefined {
    return this.#roles.get(name)?.arn;
  }

  /** Decides, and keeps what was denied and what was used. */
  check(principal: string, permission: RequiredPermission, context: ConditionContext, at: Date): Decision {
    const decision = this.decide(principal, permission, context);
    if (!decision.allowed && this.#denied.length < MAX_DENIED) {
      const { action, resource } = permission;
      this.#denied.push({ at, principal, action, resource, why: decision.why });
    }
    return decision;
  }

  /** Decides without a trace in what was denied. */
  decide(principal: string, permission: RequiredPermission, context: ConditionContext): Decision {
    const role = this.#roles.get(principal);
    if (role === undefined) return { allowed: false, why: 'the role is not in the template' };
    const call = { ...permission, context };
    let granted: string | undefined;
    for (const statement of role.statements) {
      const match = matchStatement(statement, call);
      if (match === undefined) continue;
      if (statement.effect === 'Deny')
        return { allowed: false, why: 'with an explicit deny in an identity-based policy' };
      granted ??= `${statement.policyName} ${match.action} ${match.resource}`;
    }
    if (granted === undefined) {
      return { allowed: false, why: `because no identity-based policy allows the ${permission.action} action` };
    }
    role.used.add(granted);
    return { allowed: true };
  }

  /** Grants that no call has needed since the start, but for those of managed policies. */
  unusedGrants(): readonly UnusedGrant[] {
    const unused: UnusedGrant[] = [];
    for (const [principal, { statements, used }] of this.#roles) {
      for (const { effect, policyName, actions, resources } of statements) {
        if (effect !== 'Allow' || managedPolicy(policyName) !== undefined) continue;
        for (const action of actions) {
          for (const resource of resources) {
            if (!used.has(`${policyName} ${action} ${resource}`))
              unused.push({ principal, policyName, action, resource });
          }
        }
      }
    }
    return unused;
  }
}
