import { LadingError } from '../../../lib/core/errors.ts';
import { resolveValue, type Scope } from './intrinsics.ts';
import type { StackTemplate } from './model.ts';

/** What a provisioned resource answers `Ref` and `Fn::GetAtt` with. */
export interface ResourceValues {
  readonly ref: string;
  readonly attributes: ReadonlyMap<string, unknown>;
}

export interface ScopeOptions {
  readonly stack: StackTemplate;
  /** Values of template parameters, over their defaults. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly resources: ReadonlyMap<string, ResourceValues>;
  readonly importValue: (name: string) => unknown;
  /** The value of an SSM parameter in the stack's region. */
  readonly parameterStore: (name: string) => string | undefined;
}

const unresolved = (path: string, why: string): LadingError =>
  new LadingError('template-unresolved', `${path}: ${why}`);

/** The look-ups of one stack. Conditions are evaluated once; they may name each other. */
export function stackScope(options: ScopeOptions): Scope {
  const { stack } = options;
  const conditions = new Map<string, boolean | 'open'>();
  const scope: Scope = {
    region: stack.region,
    ref(name, path) {
      const value = pseudoParameter(stack, name) ?? options.resources.get(name)?.ref ?? parameter(options, name, path);
      if (value !== undefined) return value;
      throw unresolved(path, `there is no resource or parameter "${name}" to refer to`);
    },
    getAtt(logicalId, attribute, path) {
      const values = options.resources.get(logicalId);
      if (values === undefined) throw unresolved(path, `there is no resource "${logicalId}"`);
      if (values.attributes.has(attribute)) return values.attributes.get(attribute);
      const type = stack.template.Resources[logicalId]?.Type;
      throw unresolved(path, `"${logicalId}" (${type}) has no attribute "${attribute}" here`);
    },
    importValue(name, path) {
      const value = options.importValue(name);
      if (value === undefined) throw unresolved(path, `no stack of region ${stack.region} exports "${name}"`);
      return value;
    },
    findInMap(map, first, second, path) {
      const value = stack.template.Mappings?.[map]?.[first]?.[second];
      if (value === undefined) throw unresolved(path, `there is no "${map}.${first}.${second}" in the mappings`);
      return value;
    },
    condition(name, path) {
      const known = conditions.get(name);
      if (known === 'open') throw unresolved(path, `the condition "${name}" depends on itself`);
      if (known !== undefined) return known;
      const definition = stack.template.Conditions?.[name];
      if (definition === undefined) throw unresolved(path, `there is no condition "${name}"`);
      conditions.set(name, 'open');
      const holds = resolveValue(definition, scope, `${stack.stackName}/Conditions.${name}`) === true;
      conditions.set(name, holds);
      return holds;
    },
    dynamic(service, reference, path) {
      // `ssm:name:version`; a name never holds a colon.
      const value = service === 'ssm' ? options.parameterStore(reference.split(':')[0] ?? '') : undefined;
      if (value === undefined)
        throw unresolved(path, `the dynamic reference ${service}:${reference} has no value here`);
      return value;
    },
  };
  return scope;
}

function pseudoParameter({ stackName, region, accountId }: StackTemplate, name: string): unknown {
  switch (name) {
    case 'AWS::Region':
      return region;
    case 'AWS::AccountId':
      return accountId;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return stackName;
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/local`;
    case 'AWS::NotificationARNs':
      return [];
    default:
      return undefined;
  }
}

function parameter({ stack, parameters, parameterStore }: ScopeOptions, name: string, path: string): unknown {
  const definition = stack.template.Parameters?.[name];
  if (definition === undefined) return undefined;
  const value = parameters.get(name) ?? definition.Default;
  if (value === undefined) throw unresolved(path, `the parameter "${name}" has no value and no default`);
  if (definition.Type.startsWith('AWS::SSM::Parameter::Value')) {
    const stored = parameterStore(String(value));
    if (stored === undefined) throw unresolved(path, `the SSM parameter "${String(value)}" does not exist here`);
    return definition.Type.includes('List') ? stored.split(',') : stored;
  }
  if (definition.Type === 'CommaDelimitedList' || definition.Type.startsWith('List<')) {
    return Array.isArray(value)
      ? value
      : String(value)
          .split(',')
          .map((item) => item.trim());
  }
  return value;
}
