import { describe, expect, it } from 'vitest';
import type { Template } from '../../../../infra/local/template/model.ts';
import { withoutNestedStacks } from '../../../../infra/local/template/nested-stacks.ts';

const outer: Template = {
  Resources: {
    Table: { Type: 'AWS::DynamoDB::Table' },
    Queue: { Type: 'AWS::SQS::Queue' },
    Inner: {
      Type: 'AWS::CloudFormation::Stack',
      DependsOn: 'Table',
      Properties: { TemplateURL: 'inner', Parameters: { tableArn: { 'Fn::GetAtt': ['Table', 'Arn'] } } },
    },
    After: {
      Type: 'AWS::SNS::Topic',
      DependsOn: ['Inner', 'Queue'],
      Properties: { TopicName: { 'Fn::GetAtt': ['Inner', 'Outputs.name'] } },
    },
  },
  Outputs: { Name: { Value: { 'Fn::GetAtt': ['Inner', 'Outputs.name'] } } },
};
const inner: Template = {
  Parameters: { tableArn: { Type: 'String' }, stage: { Type: 'String', Default: 'main' } },
  Conditions: { IsMain: { 'Fn::Equals': [{ Ref: 'stage' }, 'main'] } },
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Join': ['-', ['a', { Ref: 'stage' }]] } } },
    Role: {
      Type: 'AWS::IAM::Role',
      DependsOn: ['Queue'],
      Properties: { Resource: [{ Ref: 'tableArn' }, { 'Fn::GetAtt': ['Queue', 'Arn'] }, { Ref: 'AWS::Region' }] },
    },
  },
  Outputs: { name: { Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } } },
};
const from =
  (templates: Readonly<Record<string, Template>>) =>
  (url: unknown): Template =>
    templates[String(url)] as Template;

describe('a template with nested stacks', () => {
  const { Resources, Outputs, Conditions } = withoutNestedStacks(outer, 'Lading', from({ inner }));

  it('has their resources beside its own, and one whose id is taken under that of its stack', () => {
    expect(Object.keys(Resources)).toEqual(['Table', 'Queue', 'After', 'InnerQueue', 'Role']);
    expect(Resources.Queue?.Properties).toBeUndefined();
  });

  it('has what the outer template hands over, or the default, in place of parameters', () => {
    expect(Resources.InnerQueue?.Properties).toEqual({ QueueName: { 'Fn::Join': ['-', ['a', 'main']] } });
    expect(Resources.Role).toEqual({
      Type: 'AWS::IAM::Role',
      DependsOn: ['InnerQueue'],
      Properties: {
        Resource: [{ 'Fn::GetAtt': ['Table', 'Arn'] }, { 'Fn::GetAtt': ['InnerQueue', 'Arn'] }, { Ref: 'AWS::Region' }],
      },
    });
    expect(Conditions).toEqual({ IsMain: { 'Fn::Equals': ['main', 'main'] } });
  });

  it('has what an output is in place of the output, and waits for each resource where it waited for the stack', () => {
    expect(Resources.After).toEqual({
      Type: 'AWS::SNS::Topic',
      DependsOn: ['InnerQueue', 'Role', 'Queue'],
      Properties: { TopicName: { 'Fn::GetAtt': ['InnerQueue', 'QueueName'] } },
    });
    expect(Outputs).toEqual({ Name: { Value: { 'Fn::GetAtt': ['InnerQueue', 'QueueName'] } } });
  });

  it('is read to any depth', () => {
    const middle: Template = {
      Resources: { Deep: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'leaf' } } },
      Outputs: { name: { Value: { 'Fn::GetAtt': ['Deep', 'Outputs.name'] } } },
    };
    const leaf: Template = {
      Resources: { Leaf: { Type: 'AWS::SQS::Queue' } },
      Outputs: { name: { Value: { Ref: 'Leaf' } } },
    };
    const flat = withoutNestedStacks(outer, 'Lading', from({ inner: middle, leaf }));
    expect(Object.keys(flat.Resources)).toEqual(['Table', 'Queue', 'After', 'Leaf']);
    expect(flat.Resources.After?.Properties).toEqual({ TopicName: { Ref: 'Leaf' } });
  });

  it('is handed back as it is where it has none', () => {
    expect(withoutNestedStacks(inner, 'Lading', from({}))).toBe(inner);
  });

  it('is refused where something has no value, or would be lost in a text', () => {
    const without = {
      ...outer.Resources,
      Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'inner' } },
    };
    expect(() => withoutNestedStacks({ ...outer, Resources: without }, 'Lading', from({ inner }))).toThrow(
      /Lading\/Inner: nothing says what "tableArn"/,
    );
    const quoted: Template = {
      ...inner,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Fn::Sub writes names so
      Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': 'q-${stage}' } } } },
      Outputs: {},
    };
    expect(() => withoutNestedStacks(outer, 'Lading', from({ inner: quoted }))).toThrow(/Fn::Sub names "stage"/);
  });

  it('is refused where both say something else under one name', () => {
    const clash = { ...outer, Conditions: { IsMain: { 'Fn::Equals': ['a', 'b'] } } };
    expect(() => withoutNestedStacks(clash, 'Lading', from({ inner }))).toThrow(/"IsMain" in Conditions/);
  });
});
