import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { references, resolveValue, type Scope } from '../../../../infra/local/template/intrinsics.ts';

const scope: Scope = {
  region: 'eu-central-1',
  ref: (name, path) => {
    if (name === 'Missing') throw new Error(`unresolved at ${path}`);
    return `ref-${name}`;
  },
  getAtt: (id, attribute) => (attribute === 'List' ? ['x', 'y'] : `arn:${id}:${attribute}`),
  importValue: (name) => `imported-${name}`,
  findInMap: (map, first, second) => `${map}.${first}.${second}`,
  condition: (name) => name === 'Yes',
  dynamic: (service, reference) => `<${service} ${reference}>`,
};
const resolve = (value: unknown): unknown => resolveValue(value, scope, 'Stack/Thing');

describe('intrinsic functions', () => {
  it.each<[string, unknown, unknown]>([
    ['Ref', { Ref: 'Queue' }, 'ref-Queue'],
    ['GetAtt as list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:Queue:Arn'],
    ['GetAtt as text', { 'Fn::GetAtt': 'Queue.Endpoint.Address' }, 'arn:Queue:Endpoint.Address'],
    ['GetAtt of a list', { 'Fn::Select': [1, { 'Fn::GetAtt': ['T', 'List'] }] }, 'y'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'B' }, 3]] }, 'a-ref-B-3'],
    ['Join of a split', { 'Fn::Join': ['|', { 'Fn::Split': [':', { 'Fn::GetAtt': ['A', 'b'] }] }] }, 'arn|A|b'],
    [
      'Sub',
      { 'Fn::Sub': `\${A} \${B.Arn} \${!Literal} \${AWS::Region}` },
      `ref-A arn:B:Arn \${Literal} ref-AWS::Region`,
    ],
    ['Sub with values', { 'Fn::Sub': [`\${x}/\${A}`, { x: { Ref: 'X' } }] }, 'ref-X/ref-A'],
    ['Select with a text index', { 'Fn::Select': ['2', ['a', 'b', 'c']] }, 'c'],
    ['Split', { 'Fn::Split': [',', 'a,b'] }, ['a', 'b']],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    ['ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': `\${A}-out` } }, 'imported-ref-A-out'],
    ['FindInMap', { 'Fn::FindInMap': ['M', { Ref: 'K' }, 'z'] }, 'M.ref-K.z'],
    ['If, true', { 'Fn::If': ['Yes', 'a', { Ref: 'Missing' }] }, 'a'],
    ['If, false', { 'Fn::If': ['No', { Ref: 'Missing' }, ['b']] }, ['b']],
    ['And', { 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Equals': ['a', 'a'] }] }, true],
    ['Or', { 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Not': [{ Condition: 'No' }] }] }, true],
    ['Equals, not', { 'Fn::Equals': [{ Ref: 'A' }, 'A'] }, false],
    ['GetAZs', { 'Fn::GetAZs': '' }, ['eu-central-1a', 'eu-central-1b', 'eu-central-1c']],
    ['ToJsonString', { 'Fn::ToJsonString': { a: { Ref: 'A' } } }, '{"a":"ref-A"}'],
    ['Length', { 'Fn::Length': { 'Fn::Split': [',', 'a,b,c'] } }, 3],
    ['a dynamic reference', 'x{{resolve:ssm:/a/b:1}}y', 'x<ssm /a/b:1>y'],
    ['NoValue in a map', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['NoValue in a list', [1, { 'Fn::If': ['Yes', { Ref: 'AWS::NoValue' }, 2] }], [1]],
    ['NoValue alone', { Ref: 'AWS::NoValue' }, undefined],
    [
      'a policy statement with a condition block',
      { Action: 's3:*', Condition: { StringEquals: { x: { Ref: 'A' } } } },
      { Action: 's3:*', Condition: { StringEquals: { x: 'ref-A' } } },
    ],
  ])('%s', (_name, value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['an unknown function', { 'Fn::Transform': {} }],
    ['an index that is not there', { 'Fn::Select': [3, ['a']] }],
    ['a join of no list', { 'Fn::Join': [',', 'abc'] }],
    ['a join of objects', { 'Fn::Join': [',', [{ a: 1 }]] }],
    ['a GetAtt without attribute', { 'Fn::GetAtt': 'Queue' }],
    ['a condition that is none', { 'Fn::And': ['yes'] }],
  ])('refuses %s and names the place', (_name, value) => {
    expect(() => resolve({ Deep: [value] })).toThrow(
      expect.objectContaining({ code: 'template-unresolved', message: expect.stringContaining('Stack/Thing.Deep[0]') }),
    );
  });

  it('leaves alone what holds no intrinsic function', () => {
    const plain = fc
      .jsonValue()
      .filter((value) => !/"(Ref|Condition|Fn::[^"]*)":|\{\{resolve|__proto__/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(plain, (value) => {
        expect(resolve(value)).toEqual(value);
      }),
    );
  });
});

describe('references', () => {
  it('finds every name, in both branches of a condition and inside texts', () => {
    const { names, imports } = references({
      a: { Ref: 'A' },
      b: [{ 'Fn::GetAtt': ['B', 'Arn'] }, { 'Fn::GetAtt': 'C.Arn' }],
      c: { 'Fn::Sub': [`\${D}\${E.Arn}\${!F}`, { x: { Ref: 'G' } }] },
      d: { 'Fn::If': ['Cond', { Ref: 'H' }, { Ref: 'I' }] },
      e: { 'Fn::ImportValue': 'out' },
    });
    expect([...names].sort()).toEqual(['A', 'B', 'C', 'D', 'E', 'G', 'H', 'I']);
    expect(imports).toEqual(['out']);
  });
});
