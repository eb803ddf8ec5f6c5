import { z } from 'zod';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';

/** A component of a CycloneDX document as found, of whatever version from 1.2 on. */
export interface ReadComponent {
  readonly bomRef?: string;
  readonly type: string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly cpe?: string;
  readonly licenses: readonly string[];
  /** The first value of each name. */
  readonly properties: ReadonlyMap<string, string>;
}

export interface ReadBom {
  readonly specVersion: string;
  readonly serialNumber?: string;
  readonly timestamp?: string;
  /** What the document is about: `metadata.component`. */
  readonly subject?: ReadComponent;
  /** All components, those inside others too, in the order of the document. */
  readonly components: readonly ReadComponent[];
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
}

const text = z.string().max(64 * 1024);
const license = z.union([
  z.object({ license: z.object({ id: text.optional(), name: text.optional() }) }),
  z.object({ expression: text }),
]);
const flatComponent = z.object({
  'bom-ref': text.optional(),
  type: text,
  group: text.optional(),
  name: text,
  version: text.optional(),
  purl: text.optional(),
  cpe: text.optional(),
  // Licences are a help and not the matter: an unknown way of writing them must not cost the component.
  licenses: z.array(license).optional().catch(undefined),
  properties: z.array(z.object({ name: text, value: text.optional() })).optional(),
  components: z.array(z.unknown()).optional(),
});
const document = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string().regex(/^1\.\d{1,2}$/),
  serialNumber: text.optional(),
  metadata: z.object({ timestamp: text.optional(), component: z.unknown().optional() }).optional(),
  components: z.array(z.unknown()).optional(),
  dependencies: z.array(z.object({ ref: text, dependsOn: z.array(text).optional() })).optional(),
});

/**
 * Reads a CycloneDX JSON document from a stranger.
 *
 * @throws LadingError `json-invalid`, `cyclonedx-invalid`; LimitExceededError over `maxComponents` (default 200,000).
 */
export function readBom(input: string | Uint8Array, options: { readonly maxComponents?: number } = {}): ReadBom {
  const { maxComponents = 200_000 } = options;
  const parsed = document.safeParse(parseJsonStrict(input, { what: 'the SBOM' }));
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { specVersion, serialNumber, metadata, components = [], dependencies = [] } = parsed.data;
  const found: ReadComponent[] = [];
  const waiting: unknown[][] = [[...components].reverse()];
  for (let level = waiting.at(-1); level; level = waiting.at(-1)) {
    if (level.length === 0) {
      waiting.pop();
      continue;
    }
    const { component, children } = readComponent(level.pop());
    found.push(component);
    if (found.length > maxComponents)
      throw new LimitExceededError('sbom-components', `over ${maxComponents} components`);
    if (children.length > 0) waiting.push([...children].reverse());
  }
  const about = metadata?.component === undefined ? undefined : readComponent(metadata.component);
  return {
    specVersion,
    ...(serialNumber === undefined ? {} : { serialNumber }),
    ...(metadata?.timestamp === undefined ? {} : { timestamp: metadata.timestamp }),
    ...(about === undefined ? {} : { subject: about.component }),
    components: found,
    dependencies: new Map(dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn])),
  };
}

function readComponent(value: unknown): { readonly component: ReadComponent; readonly children: readonly unknown[] } {
  const parsed = flatComponent.safeParse(value);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { 'bom-ref': bomRef, licenses = [], properties = [], components: children = [], ...rest } = parsed.data;
  const values = new Map<string, string>();
  for (const { name, value: one = '' } of properties) if (!values.has(name)) values.set(name, one);
  return {
    component: {
      ...definedOnly(rest),
      ...(bomRef === undefined ? {} : { bomRef }),
      licenses: licenses.flatMap((one) =>
        'expression' in one ? one.expression : (one.license.id ?? one.license.name ?? []),
      ),
      properties: values,
    },
    children,
  };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** `exactOptionalPropertyTypes`: an absent field must not become one with the value undefined. */
const definedOnly = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;

const invalid = (why: string): LadingError =>
  new LadingError('cyclonedx-invalid', `the SBOM is no CycloneDX JSON document: ${why.slice(0, 500)}`);
