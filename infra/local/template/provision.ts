import { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';
import { references, resolveValue, type Scope } from './intrinsics.ts';
import { at, type StackTemplate, type TemplateResource } from './model.ts';
import { inDependencyOrder } from './order.ts';
import { physicalName, type ResourceIdentity } from './physical-names.ts';
import { type ResourceValues, stackScope } from './stack-scope.ts';

/** A resource that is about to be made, its properties resolved. */
export interface ResourceRequest {
  readonly stack: StackTemplate;
  readonly logicalId: string;
  readonly type: string;
  readonly identity: ResourceIdentity;
  readonly properties: Readonly<Record<string, unknown>>;
  /** The properties through a schema. @throws LadingError `template-invalid` naming the place */
  parse<T>(schema: z.ZodType<T>): T;
  /** Hands a name and value to the other stacks, as the cross-region export writer does through SSM. */
  exportParameter(region: string, name: string, value: string): void;
  /** An SSM parameter of the stack's region. */
  parameter(name: string): string | undefined;
}

export interface ResourceResult {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Why nothing was made; the resource is then listed. */
  readonly skipped?: string;
}

export type ResourceHandler = (request: ResourceRequest) => ResourceResult | Promise<ResourceResult>;

export interface ProvisionOptions {
  readonly stacks: readonly StackTemplate[];
  readonly handlers: ReadonlyMap<string, ResourceHandler>;
  /** Values of template parameters by name, over the templates' defaults. */
  readonly parameters?: ReadonlyMap<string, string>;
  /** SSM parameters that exist outside of the templates: name → value, in every region. */
  readonly parameterStore?: ReadonlyMap<string, string>;
}

export interface ProvisionedResource {
  readonly stackName: string;
  readonly region: string;
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
}

export interface SkippedResources {
  readonly type: string;
  readonly reason: string;
  readonly count: number;
}

export interface ProvisionResult {
  readonly resources: readonly ProvisionedResource[];
  readonly skipped: readonly SkippedResources[];
  /** The outputs of each stack, by `<stack>.<output>`. */
  readonly outputs: ReadonlyMap<string, unknown>;
}

interface Node {
  readonly stack: StackTemplate;
  readonly scope: Scope;
  readonly logicalId: string;
  readonly resource: TemplateResource;
}

interface Export {
  readonly stack: StackTemplate;
  readonly scope: Scope;
  readonly name: string;
  readonly value: unknown;
}

const stackKey = (stack: StackTemplate): string => `${stack.region}/${stack.stackName}`;
const nodeKey = (stack: StackTemplate, logicalId: string): string => `${stackKey(stack)}/${logicalId}`;

/**
 * Makes the resources of the stacks in the order of their dependencies, across stacks and regions. A reference that
 * does not resolve is an error; a type without handler is listed and keeps a name, but has no attributes.
 *
 * @throws LadingError `template-unresolved`, `template-cycle`, `template-invalid`, or what a handler throws
 */
export async function provision(options: ProvisionOptions): Promise<ProvisionResult> {
  return await new Provisioner(options).run();
}

class Provisioner {
  readonly #options: ProvisionOptions;
  readonly #nodes = new Map<string, Node>();
  readonly #values = new Map<string, Map<string, ResourceValues>>();
  readonly #exports: Export[] = [];
  readonly #parameters = new Map<string, string>();
  readonly #skipped = new Map<string, { type: string; reason: string; count: number }>();

  constructor(options: ProvisionOptions) {
    this.#options = options;
    for (const stack of options.stacks) this.#addStack(stack);
  }

  async run(): Promise<ProvisionResult> {
    const resources: ProvisionedResource[] = [];
    for (const key of inDependencyOrder([...this.#nodes.keys()], (node) => this.#dependencies(node))) {
      const node = this.#nodes.get(key);
      if (node === undefined) continue;
      const result = await this.#make(node);
      const { stackName, region } = node.stack;
      const { logicalId, resource } = node;
      this.#values.get(stackKey(node.stack))?.set(logicalId, {
        ref: result.ref,
        attributes: new Map(Object.entries(result.attributes ?? {})),
      });
      resources.push({ stackName, region, logicalId, type: resource.Type, physicalId: result.ref });
    }
    return { resources, skipped: [...this.#skipped.values()], outputs: this.#outputs() };
  }

  #addStack(stack: StackTemplate): void {
    const resources = new Map<string, ResourceValues>();
    this.#values.set(stackKey(stack), resources);
    const scope = stackScope({
      stack,
      parameters: this.#options.parameters ?? new Map(),
      resources,
      importValue: (name) => this.#importValue(stack, name),
      parameterStore: (name) => this.#parameter(stack.region, name),
    });
    for (const [logicalId, resource] of Object.entries(stack.template.Resources)) {
      const here = at(stack.stackName, logicalId);
      if (resource.Condition !== undefined && !scope.condition(resource.Condition, here)) continue;
      this.#nodes.set(nodeKey(stack, logicalId), { stack, scope, logicalId, resource });
    }
    for (const [name, output] of Object.entries(stack.template.Outputs ?? {})) {
      if (output.Export === undefined) continue;
      const exportName = resolveValue(output.Export.Name, scope, at(stack.stackName, `Outputs.${name}`));
      this.#exports.push({ stack, scope, name: String(exportName), value: output.Value });
    }
  }

  #parameter(region: string, name: string): string | undefined {
    return this.#parameters.get(`${region} ${name}`) ?? this.#options.parameterStore?.get(name);
  }

  #findExport(stack: StackTemplate, name: unknown): Export | undefined {
    return this.#exports.find((e) => e.name === name && e.stack.region === stack.region);
  }

  #importValue(stack: StackTemplate, name: string): unknown {
    const found = this.#findExport(stack, name);
    if (found === undefined) return undefined;
    return resolveValue(found.value, found.scope, at(found.stack.stackName, `Exports.${name}`));
  }

  *#dependencies(key: string): Iterable<string> {
    const node = this.#nodes.get(key);
    if (node === undefined) return;
    const { stack, resource } = node;
    const dependsOn = resource.DependsOn ?? [];
    for (const id of typeof dependsOn === 'string' ? [dependsOn] : dependsOn) yield* this.#known(stack, id);
    yield* this.#referenced(node, resource.Properties ?? {});
    if (resource.Type === 'Custom::CrossRegionExportReader') yield* this.#writersFor(resource);
  }

  *#referenced({ stack, scope }: Pick<Node, 'stack' | 'scope'>, value: unknown): Iterable<string> {
    const { names, imports } = references(value);
    for (const name of names) yield* this.#known(stack, name);
    for (const argument of imports) {
      const found = this.#findExport(stack, resolveValue(argument, scope, `${stack.stackName}/Fn::ImportValue`));
      if (found !== undefined) yield* this.#referenced(found, found.value);
    }
  }

  *#known(stack: StackTemplate, logicalId: string): Iterable<string> {
    const key = nodeKey(stack, logicalId);
    if (this.#nodes.has(key)) yield key;
  }

  /** The cross-region export writers that write what the reader reads. */
  *#writersFor(reader: TemplateResource): Iterable<string> {
    const wanted = new Set(exportNames(reader, 'ReaderProps', 'imports'));
    for (const [key, { resource }] of this.#nodes) {
      if (resource.Type !== 'Custom::CrossRegionExportWriter') continue;
      if (exportNames(resource, 'WriterProps', 'exports').some((name) => wanted.has(name))) yield key;
    }
  }

  async #make(node: Node): Promise<ResourceResult> {
    const { stack, logicalId, resource } = node;
    const here = at(stack.stackName, logicalId);
    const properties = resolveValue(resource.Properties ?? {}, node.scope, `${here}.Properties`);
    const handler = this.#options.handlers.get(resource.Type);
    const result = handler === undefined ? this.#nameOnly(node) : await handler(this.#request(node, properties, here));
    if (result.skipped !== undefined) this.#skip(resource.Type, result.skipped);
    return result;
  }

  #request(node: Node, properties: unknown, here: string): ResourceRequest {
    const { stack, logicalId, resource } = node;
    return {
      stack,
      logicalId,
      type: resource.Type,
      identity: identityOf(node),
      properties: z.record(z.string(), z.unknown()).parse(properties),
      parse: (schema) => {
        const parsed = schema.safeParse(properties);
        if (parsed.success) return parsed.data;
        throw new LadingError('template-invalid', `${here} (${resource.Type}): ${z.prettifyError(parsed.error)}`);
      },
      exportParameter: (region, name, value) => {
        this.#parameters.set(`${region} ${name}`, value);
      },
      parameter: (name) => this.#parameter(stack.region, name),
    };
  }

  #nameOnly(node: Node): ResourceResult {
    return { ref: physicalName(identityOf(node), { maxLength: 128 }), skipped: 'not known to the local stack' };
  }

  #skip(type: string, reason: string): void {
    const key = `${type} ${reason}`;
    const entry = this.#skipped.get(key);
    if (entry === undefined) this.#skipped.set(key, { type, reason, count: 1 });
    else entry.count++;
  }

  #outputs(): Map<string, unknown> {
    const outputs = new Map<string, unknown>();
    for (const stack of this.#options.stacks) {
      const scope = [...this.#nodes.values()].find((node) => node.stack === stack)?.scope;
      if (scope === undefined) continue;
      for (const [name, { Value, Condition }] of Object.entries(stack.template.Outputs ?? {})) {
        const here = at(stack.stackName, `Outputs.${name}`);
        if (Condition !== undefined && !scope.condition(Condition, here)) continue;
        outputs.set(`${stack.stackName}.${name}`, resolveValue(Value, scope, here));
      }
    }
    return outputs;
  }
}

function exportNames(resource: TemplateResource, group: string, member: string): readonly string[] {
  const parsed = z
    .object({ [group]: z.object({ [member]: z.record(z.string(), z.unknown()) }) })
    .safeParse(resource.Properties);
  return parsed.success ? Object.keys(parsed.data[group]?.[member] ?? {}) : [];
}

const identityOf = ({ stack, logicalId }: Node): ResourceIdentity => ({
  stackName: stack.stackName,
  region: stack.region,
  accountId: stack.accountId,
  logicalId,
});
