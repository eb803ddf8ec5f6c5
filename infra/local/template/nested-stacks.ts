import { LadingError } from '../../../lib/core/errors.ts';
import { at, type Template, type TemplateResource } from './model.ts';

const NESTED = 'AWS::CloudFormation::Stack';

/** The template that a `TemplateURL` stands for. Its value is as the outer template has it, intrinsics and all. */
export type NestedTemplates = (templateUrl: unknown, path: string) => Template;

/**
 * One template in place of a template with nested stacks: their resources beside the outer ones, their parameters
 * replaced by what the outer template hands over, and their outputs by what they are. A logical id that is taken gets
 * that of its stack before it. (CloudFormation user guide, "Split a template into reusable pieces using nested stacks".)
 *
 * @throws LadingError `template-invalid` where a part cannot be told from another, or a parameter has no value
 */
export function withoutNestedStacks(template: Template, stackName: string, nested: NestedTemplates): Template {
  const inner = Object.entries(template.Resources).filter(([, { Type }]) => Type === NESTED);
  if (inner.length === 0) return template;
  const taken = new Set(Object.keys(template.Resources));
  const parts = inner.map(([id, resource]) => insert(id, resource, { stackName, nested, taken }));
  const outputs = new Map(
    parts.flatMap(({ id, outputs }) => [...outputs].map(([name, value]) => [`${id}.Outputs.${name}`, value])),
  );
  const members = new Map(parts.map(({ id, resources }) => [id, Object.keys(resources)]));
  const replace: Replacement = {
    ref: () => undefined,
    getAtt: (id, attribute) => {
      if (!members.has(id)) return undefined;
      return { value: known(outputs, `${id}.${attribute}`, stackName) };
    },
    rename: (id) => members.get(id) ?? [id],
    path: stackName,
  };
  const outer = Object.entries(template.Resources).filter(([, { Type }]) => Type !== NESTED);
  const all = [...outer, ...parts.flatMap(({ resources }) => Object.entries(resources))];
  return {
    ...template,
    ...merged('Mappings', [template, ...parts], stackName),
    ...merged('Conditions', [template, ...parts], stackName),
    Resources: Object.fromEntries(all.map(([id, resource]) => [id, rewriteResource(resource, replace)])),
    ...(template.Outputs ? { Outputs: rewrite(template.Outputs, replace) as Template['Outputs'] } : {}),
  };
}

interface Part extends Pick<Template, 'Mappings' | 'Conditions'> {
  readonly id: string;
  readonly resources: Readonly<Record<string, TemplateResource>>;
  readonly outputs: ReadonlyMap<string, unknown>;
}

interface Surroundings {
  readonly stackName: string;
  readonly nested: NestedTemplates;
  /** Logical ids of the outer template and of the parts before. */
  readonly taken: Set<string>;
}

function insert(id: string, { Properties = {} }: TemplateResource, { stackName, nested, taken }: Surroundings): Part {
  const path = at(stackName, id);
  const template = withoutNestedStacks(nested(Properties.TemplateURL, path), path, nested);
  const given = new Map(Object.entries((Properties.Parameters ?? {}) as Record<string, unknown>));
  const values = new Map(
    Object.entries(template.Parameters ?? {}).map(([name, { Default }]) => [
      name,
      given.has(name) ? given.get(name) : Default,
    ]),
  );
  const names = new Map(Object.keys(template.Resources).map((name) => [name, taken.has(name) ? `${id}${name}` : name]));
  for (const name of names.values()) taken.add(name);
  const replace: Replacement = {
    ref: (name) => {
      if (values.has(name)) return { value: known(values, name, path) };
      const renamed = names.get(name);
      return renamed === undefined || renamed === name ? undefined : { value: { Ref: renamed } };
    },
    getAtt: (name, attribute) => {
      const renamed = names.get(name);
      return renamed === undefined || renamed === name ? undefined : { value: { 'Fn::GetAtt': [renamed, attribute] } };
    },
    rename: (name) => [names.get(name) ?? name],
    path,
  };
  return {
    id,
    resources: Object.fromEntries(
      Object.entries(template.Resources).map(([name, resource]) => [
        names.get(name) ?? name,
        rewriteResource(resource, replace),
      ]),
    ),
    outputs: new Map(
      Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, rewrite(Value, replace)]),
    ),
    Mappings: template.Mappings,
    Conditions: template.Conditions && (rewrite(template.Conditions, replace) as Template['Conditions']),
  };
}

/** What takes the place of a reference; `undefined` leaves it as it is. */
interface Replacement {
  ref(name: string): { readonly value: unknown } | undefined;
  getAtt(id: string, attribute: string): { readonly value: unknown } | undefined;
  /** Who is meant by a logical id in `DependsOn`. */
  rename(id: string): readonly string[];
  readonly path: string;
}

function rewriteResource(resource: TemplateResource, replace: Replacement): TemplateResource {
  const { DependsOn, Properties } = resource;
  const before = [DependsOn ?? []].flat().flatMap((id) => replace.rename(id));
  return {
    ...resource,
    ...(Properties ? { Properties: rewrite(Properties, replace) as Record<string, unknown> } : {}),
    ...(before.length > 0 ? { DependsOn: before } : {}),
  };
}

function rewrite(value: unknown, replace: Replacement): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => rewrite(item, replace));
  const entries = Object.entries(value);
  const [[key, argument] = ['', undefined]] = entries;
  if (entries.length === 1 && key === 'Ref' && typeof argument === 'string') {
    return (replace.ref(argument) ?? { value }).value;
  }
  if (entries.length === 1 && key === 'Fn::GetAtt') {
    const [id = '', ...attribute] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
    return (replace.getAtt(id, attribute.join('.')) ?? { value }).value;
  }
  if (entries.length === 1 && key === 'Fn::Sub') refuseNamesInText(argument, replace);
  return Object.fromEntries(entries.map(([name, member]) => [name, rewrite(member, replace)]));
}

/** A value that is an object cannot stand within a text, and CDK writes none so. */
function refuseNamesInText(argument: unknown, { ref, getAtt, path }: Replacement): void {
  const text = String(Array.isArray(argument) ? argument[0] : argument);
  for (const [, name = ''] of text.matchAll(/\$\{([A-Za-z0-9.]+)\}/g)) {
    const [id = '', ...attribute] = name.split('.');
    if (ref(id) || getAtt(id, attribute.join('.'))) {
      throw new LadingError(
        'template-invalid',
        `${path}: Fn::Sub names "${name}" of a nested stack, which is not taken`,
      );
    }
  }
}

function known(values: ReadonlyMap<string, unknown>, name: string, path: string): unknown {
  const value = values.get(name);
  if (value !== undefined) return value;
  throw new LadingError('template-invalid', `${path}: nothing says what "${name}" of the nested stack is`);
}

function merged<Name extends 'Mappings' | 'Conditions'>(
  name: Name,
  parts: readonly Pick<Template, Name>[],
  path: string,
): Pick<Template, Name> | Record<string, never> {
  const all = new Map<string, unknown>();
  for (const [key, value] of parts.flatMap((part) => Object.entries(part[name] ?? {}))) {
    if (all.has(key) && JSON.stringify(all.get(key)) !== JSON.stringify(value)) {
      throw new LadingError('template-invalid', `${path}: "${key}" in ${name} says something else in a nested stack`);
    }
    all.set(key, value);
  }
  return all.size === 0 ? {} : ({ [name]: Object.fromEntries(all) } as Pick<Template, Name>);
}
