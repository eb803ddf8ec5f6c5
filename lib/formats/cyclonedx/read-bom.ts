import { z } from 'zod';
import { LimitExceededError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { definedOnly, firstOfEachName, invalidBom, type ReadBom, type ReadComponent } from './read-model.ts';

const text = z.string().max(64 * 1024);
const license = z.union([
  z.object({ license: z.object({ id: text.optional(), name: text.optional() }) }),
  z.object({ expression: text }),
]);
const hash = z.object({ alg: text, content: text });
const flatComponent = z.object({
  'bom-ref': text.optional(),
  type: text,
  group: text.optional(),
  name: text,
  version: text.optional(),
  purl: text.optional(),
  cpe: text.optional(),
  // What is a help and not the matter must not cost the component, however it is written.
  supplier: z.object({ name: text }).optional().catch(undefined),
  hashes: z.array(hash).optional().catch(undefined),
  licenses: z.array(license).optional().catch(undefined),
  properties: z.array(z.object({ name: text, value: text.optional() })).optional(),
  components: z.array(z.unknown()).optional(),
});
const tool = z.object({ name: text, version: text.optional() });
const document = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string().regex(/^1\.\d{1,2}$/),
  serialNumber: text.optional(),
  metadata: z
    .object({
      timestamp: text.optional(),
      component: z.unknown().optional(),
      // An object since 1.5, a list before.
      tools: z
        .union([z.object({ components: z.array(tool) }).transform(({ components }) => components), z.array(tool)])
        .optional()
        .catch(undefined),
      authors: z
        .array(z.object({ name: text.optional(), email: text.optional() }))
        .optional()
        .catch(undefined),
      properties: z
        .array(z.object({ name: text, value: text.optional() }))
        .optional()
        .catch(undefined),
    })
    .optional(),
  components: z.array(z.unknown()).optional(),
  dependencies: z.array(z.object({ ref: text, dependsOn: z.array(text).optional() })).optional(),
  compositions: z
    .array(z.object({ aggregate: text }))
    .optional()
    .catch(undefined),
});

/**
 * Reads a CycloneDX JSON document from a stranger.
 *
 * @throws LadingError `json-invalid`, `cyclonedx-invalid`; LimitExceededError over `maxComponents` (default 200,000).
 */
export function readBom(input: string | Uint8Array, options: { readonly maxComponents?: number } = {}): ReadBom {
  return readBomJson(parseJsonStrict(input, { what: 'the SBOM' }), options);
}

/**
 * The same for a document that `parseJsonStrict` read, or a part of one.
 *
 * @throws LadingError `cyclonedx-invalid`; LimitExceededError over `maxComponents` (default 200,000).
 */
export function readBomJson(json: unknown, options: { readonly maxComponents?: number } = {}): ReadBom {
  const { maxComponents = 200_000 } = options;
  const parsed = document.safeParse(json);
  if (!parsed.success) throw invalidBom(z.prettifyError(parsed.error));
  const { specVersion, serialNumber, metadata, components = [], dependencies = [], compositions = [] } = parsed.data;
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
    ...definedOnly({ serialNumber, timestamp: metadata?.timestamp, subject: about?.component }),
    tools: (metadata?.tools ?? []).map(definedOnly),
    authors: (metadata?.authors ?? []).map(definedOnly),
    properties: firstOfEachName(metadata?.properties ?? []),
    components: found,
    dependencies: new Map(dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn])),
    aggregates: compositions.map(({ aggregate }) => aggregate),
  };
}

function readComponent(value: unknown): { readonly component: ReadComponent; readonly children: readonly unknown[] } {
  const parsed = flatComponent.safeParse(value);
  if (!parsed.success) throw invalidBom(z.prettifyError(parsed.error));
  const {
    'bom-ref': bomRef,
    licenses = [],
    hashes = [],
    properties = [],
    components: children = [],
    supplier,
    ...rest
  } = parsed.data;
  return {
    component: {
      ...definedOnly({ ...rest, bomRef, supplier: supplier?.name }),
      licenses: licenses.flatMap((one) =>
        'expression' in one ? one.expression : (one.license.id ?? one.license.name ?? []),
      ),
      hashes: hashes.map(({ alg, content }) => ({ algorithm: alg, value: content })),
      properties: firstOfEachName(properties),
      allProperties: properties.map(({ name, value: one = '' }) => ({ name, value: one })),
    },
    children,
  };
}
