import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessControl } from '../../../../infra/local/facade/iam/access-control.ts';
import { matchesWildcard } from '../../../../infra/local/facade/iam/wildcard.ts';

const TABLE = 'arn:aws:dynamodb:eu-central-1:1:table/t';
const now = new Date(0);

function control(...statements: unknown[]): AccessControl {
  const access = new AccessControl();
  access.addRole({ name: 'role', arn: 'arn:aws:iam::1:role/role', managedPolicyArns: [] });
  access.addPolicy({ name: 'p', roleNames: ['role'], document: { Version: '2012-10-17', Statement: statements } });
  return access;
}
const decide = (access: AccessControl, action: string, resource: string, context: [string, string[]][] = []) =>
  access.check('role', { action, resource }, new Map(context), now).allowed;
const allow = (more: Record<string, unknown>) => ({
  Effect: 'Allow',
  Action: 'dynamodb:GetItem',
  Resource: TABLE,
  ...more,
});

describe('identity policies', () => {
  it.each<[string, unknown[], string, string, boolean]>([
    ['an exact grant', [allow({})], 'dynamodb:GetItem', TABLE, true],
    ['another action', [allow({})], 'dynamodb:PutItem', TABLE, false],
    ['another resource', [allow({})], 'dynamodb:GetItem', `${TABLE}2`, false],
    ['an action in other case', [allow({ Action: 'DynamoDB:getitem' })], 'dynamodb:GetItem', TABLE, true],
    ['a wildcard action', [allow({ Action: ['s3:*', 'dynamodb:Get*'] })], 'dynamodb:GetItem', TABLE, true],
    [
      'a wildcard resource',
      [allow({ Resource: ['x', `${TABLE}/index/*`] })],
      'dynamodb:GetItem',
      `${TABLE}/index/g`,
      true,
    ],
    ['a deny over an allow', [allow({}), allow({ Effect: 'Deny', Resource: '*' })], 'dynamodb:GetItem', TABLE, false],
    [
      'a deny of another action',
      [allow({}), allow({ Effect: 'Deny', Action: 'dynamodb:PutItem' })],
      'dynamodb:GetItem',
      TABLE,
      true,
    ],
    ['NotAction', [allow({ Action: undefined, NotAction: 'dynamodb:Delete*' })], 'dynamodb:GetItem', TABLE, true],
    ['NotAction, named', [allow({ Action: undefined, NotAction: 'dynamodb:*' })], 'dynamodb:GetItem', TABLE, false],
    ['NotResource', [allow({ Resource: undefined, NotResource: TABLE })], 'dynamodb:GetItem', TABLE, false],
    [
      'a call on all resources',
      [allow({ Action: 'dynamodb:ListTables', Resource: '*' })],
      'dynamodb:ListTables',
      '*',
      true,
    ],
    ['the same on one', [allow({ Action: 'dynamodb:ListTables' })], 'dynamodb:ListTables', '*', false],
    ['nothing', [], 'dynamodb:GetItem', TABLE, false],
  ])('%s', (_name, statements, action, resource, expected) => {
    expect(decide(control(...statements), action, resource)).toBe(expected);
  });

  it.each<[string, Record<string, unknown>, [string, string[]][], boolean]>([
    [
      'StringEquals',
      { StringEquals: { 'aws:RequestedRegion': 'eu-central-1' } },
      [['aws:requestedregion', ['eu-central-1']]],
      true,
    ],
    [
      'StringEquals, other',
      { StringEquals: { 'aws:RequestedRegion': ['a', 'b'] } },
      [['aws:requestedregion', ['c']]],
      false,
    ],
    [
      'StringNotEquals',
      { StringNotEquals: { 'aws:RequestedRegion': ['a', 'b'] } },
      [['aws:requestedregion', ['c']]],
      true,
    ],
    ['StringLike', { StringLike: { 's3:prefix': ['sboms/*'] } }, [['s3:prefix', ['sboms/x']]], true],
    ['StringLike, missing', { StringLike: { 's3:prefix': ['sboms/*'] } }, [], false],
    ['IfExists', { StringLikeIfExists: { 's3:prefix': ['sboms/*'] } }, [], true],
    ['StringNotLike, missing', { StringNotLike: { 's3:prefix': ['sboms/*'] } }, [], true],
    ['ForAllValues', { 'ForAllValues:StringLike': { 's3:prefix': ['a*'] } }, [['s3:prefix', ['ab', 'ac']]], true],
    [
      'ForAllValues, one wrong',
      { 'ForAllValues:StringLike': { 's3:prefix': ['a*'] } },
      [['s3:prefix', ['ab', 'b']]],
      false,
    ],
    ['ForAnyValue', { 'ForAnyValue:StringLike': { 's3:prefix': ['a*'] } }, [['s3:prefix', ['ab', 'b']]], true],
    ['ForAnyValue, missing', { 'ForAnyValue:StringLike': { 's3:prefix': ['a*'] } }, [], false],
    ['Bool', { Bool: { 'aws:SecureTransport': true } }, [['aws:securetransport', ['true']]], true],
    ['Null', { Null: { 's3:prefix': 'true' } }, [], true],
    ['Null, there', { Null: { 's3:prefix': 'true' } }, [['s3:prefix', ['a']]], false],
    [
      'ArnLike',
      { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/r*' } },
      [['aws:principalarn', ['arn:aws:iam::1:role/r1']]],
      true,
    ],
    [
      'two, one wrong',
      { StringEquals: { 'aws:RequestedRegion': 'a' }, Bool: { 'aws:SecureTransport': 'false' } },
      [
        ['aws:requestedregion', ['a']],
        ['aws:securetransport', ['true']],
      ],
      false,
    ],
  ])('the condition %s', (_name, Condition, context, expected) => {
    expect(decide(control(allow({ Condition })), 'dynamodb:GetItem', TABLE, context)).toBe(expected);
  });

  it('treat what is not evaluated as no grant, and as a deny, and say so', () => {
    const unknown = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
    const access = control(allow({ Condition: unknown }));
    expect(decide(access, 'dynamodb:GetItem', TABLE)).toBe(false);
    expect(access.notes).toEqual([
      'the condition IpAddress of policy p is not evaluated here: its statement never allows',
      'the condition aws:SourceIp of policy p is not evaluated here: its statement never allows',
    ]);
    const denying = control(allow({}), allow({ Effect: 'Deny', Condition: unknown }));
    expect(decide(denying, 'dynamodb:GetItem', TABLE)).toBe(false);
    expect(denying.notes[0]).toContain('always denies');
  });

  it('keep what was denied and which grants nothing needed', () => {
    const access = control(
      allow({ Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Resource: [TABLE, `${TABLE}/index/*`] }),
      { Effect: 'Deny', Action: 's3:*', Resource: '*' },
    );
    decide(access, 'dynamodb:GetItem', TABLE);
    decide(access, 'dynamodb:DeleteItem', TABLE);
    expect(access.decide('role', { action: 'dynamodb:Scan', resource: TABLE }, new Map()).allowed).toBe(false);
    expect(access.deniedCalls).toEqual([
      {
        at: now,
        principal: 'role',
        action: 'dynamodb:DeleteItem',
        resource: TABLE,
        why: 'because no identity-based policy allows the dynamodb:DeleteItem action',
      },
    ]);
    expect(access.unusedGrants().map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      `dynamodb:getitem ${TABLE}/index/*`,
      `dynamodb:putitem ${TABLE}`,
      `dynamodb:putitem ${TABLE}/index/*`,
    ]);
  });

  it('know the managed policies that functions have, and name the others', () => {
    const access = new AccessControl();
    access.addRole({
      name: 'role',
      arn: 'a',
      managedPolicyArns: [
        'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
        'arn:aws:iam::aws:policy/Other',
      ],
    });
    expect(decide(access, 'logs:PutLogEvents', 'arn:aws:logs:x')).toBe(true);
    expect(access.notes).toEqual([
      'the managed policy arn:aws:iam::aws:policy/Other is not known here and grants nothing',
    ]);
    expect(access.unusedGrants()).toEqual([]);
    expect(access.check('nobody', { action: 'a:b', resource: '*' }, new Map(), now).allowed).toBe(false);
  });

  it('refuse a document that is no policy', () => {
    expect(() => control({ Effect: 'Maybe' })).toThrow(expect.objectContaining({ code: 'policy-invalid' }));
  });
});

describe('wildcards', () => {
  it('agree with the regular expression they stand for', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
    fc.assert(
      fc.property(letters, text, (pattern, value) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesWildcard(pattern, value)).toBe(expression.test(value));
      }),
    );
  });
  it('take no longer for a hostile pattern', () => {
    expect(matchesWildcard(`${'*a'.repeat(200)}b`, 'a'.repeat(20_000))).toBe(false);
  });
});
