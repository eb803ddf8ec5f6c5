import { z } from 'zod';
import type { PolicyBackend } from '../backends.ts';
import type { ResourceHandler } from '../provision.ts';
import { nameOf } from './common.ts';

const role = z.object({
  RoleName: z.string().optional(),
  Path: z.string().optional(),
  ManagedPolicyArns: z.array(z.string()).optional(),
  Policies: z.array(z.object({ PolicyName: z.string(), PolicyDocument: z.unknown() })).optional(),
});

/** AWS::IAM::Role. Its name, unique over all stacks, is how the facade knows the caller. */
export function roleHandler(backend: PolicyBackend | undefined): ResourceHandler {
  return (request) => {
    const properties = request.parse(role);
    const name = nameOf(request, properties.RoleName, { maxLength: 64 });
    const arn = `arn:aws:iam::${request.stack.accountId}:role${properties.Path ?? '/'}${name}`;
    backend?.addRole({ name, arn, managedPolicyArns: properties.ManagedPolicyArns ?? [] });
    for (const { PolicyName, PolicyDocument } of properties.Policies ?? []) {
      backend?.addPolicy({ name: PolicyName, roleNames: [name], document: PolicyDocument });
    }
    return { ref: name, attributes: { Arn: arn, RoleId: name } };
  };
}

const policy = z.object({
  PolicyName: z.string().optional(),
  ManagedPolicyName: z.string().optional(),
  PolicyDocument: z.unknown(),
  Roles: z.array(z.string()).optional(),
  RoleName: z.string().optional(),
});

/** AWS::IAM::Policy, AWS::IAM::ManagedPolicy and AWS::IAM::RolePolicy. */
export function policyHandler(backend: PolicyBackend | undefined): ResourceHandler {
  return (request) => {
    const { PolicyName, ManagedPolicyName, PolicyDocument, Roles, RoleName } = request.parse(policy);
    const name = nameOf(request, PolicyName ?? ManagedPolicyName, { maxLength: 128 });
    const roleNames = [...(Roles ?? []), ...(RoleName === undefined ? [] : [RoleName])];
    backend?.addPolicy({ name, roleNames, document: PolicyDocument });
    const arn = `arn:aws:iam::${request.stack.accountId}:policy/${name}`;
    return { ref: request.type === 'AWS::IAM::ManagedPolicy' ? arn : name, attributes: { Id: name, PolicyArn: arn } };
  };
}
