import { LimitExceededError } from '../../core/errors.ts';
import { readXml, type XmlElement } from '../xml/index.ts';

/** What a definition says of one package on one platform. */
export interface OvalClaim {
  readonly definition: string;
  /** CVE ids and the publisher's own, as the references name them. */
  readonly ids: readonly string[];
  readonly severity: string | undefined;
  /** As the criteria or the metadata name it: `Oracle Linux 8`, `CBL-Mariner`, `Ubuntu 24.04 LTS`. */
  readonly platforms: readonly string[];
  readonly name: string;
  /** `any`: every version, for there is no fixed one. */
  readonly operation: 'less than' | 'less than or equal' | 'any';
  /** `epoch:version-release`; empty for `any`. */
  readonly evr: string;
  /** Of `any`, where it is said (Ubuntu): `ignored` will not be mended, `untriaged` nobody has looked at. */
  readonly state?: 'ignored' | 'untriaged';
  /** `nodejs:18`, where a criterion asks for the module. */
  readonly module: string | undefined;
}

interface Criterion {
  readonly kind: 'criterion';
  readonly comment: string;
  readonly test: string;
}
interface Criteria {
  readonly kind: 'criteria';
  readonly operator: string;
  readonly children: (Criteria | Criterion)[];
}
interface Definition {
  readonly id: string;
  readonly ids: string[];
  readonly platforms: string[];
  severity: string | undefined;
  criteria: Criteria | undefined;
}

/** Of definitions, tests, objects and states each; the largest published files have some 200,000. */
const MAX_ITEMS = 1_000_000;

/**
 * Reads OVAL 5 definitions of packages (`rpminfo` tests on `evr`; OVAL Language, Linux component) and flattens their
 * criteria: a package test together with the platform that its branch asks for. Definitions come before the tests that they
 * name, so what they say of packages is kept until the end; descriptions are not.
 *
 * @throws XmlError; LimitExceededError
 */
export async function readOval(chunks: AsyncIterable<string>): Promise<readonly OvalClaim[]> {
  const definitions: Definition[] = [];
  const tests = new Map<string, { object?: string | undefined; states: string[] }>();
  const objects = new Map<string, string>();
  const states = new Map<string, { operation: string; evr: string }>();
  const open: Criteria[] = [];
  let test: { object?: string | undefined; states: string[] } | undefined;
  let current = '';
  let operation = '';

  const start = ({ name, attributes }: XmlElement): void => {
    const definition = definitions.at(-1);
    const text = (key: string): string => attributes.get(key) ?? '';
    if (definitions.length + tests.size + objects.size + states.size > MAX_ITEMS) {
      throw new LimitExceededError('oval-items', `the OVAL file has over ${MAX_ITEMS} items`);
    }
    if (name === 'definition') {
      definitions.push({ id: text('id'), ids: [], platforms: [], severity: undefined, criteria: undefined });
    } else if (name === 'reference') definition?.ids.push(text('ref_id'));
    else if (name === 'criteria') {
      const criteria: Criteria = { kind: 'criteria', operator: attributes.get('operator') ?? 'AND', children: [] };
      const parent = open.at(-1);
      if (parent) parent.children.push(criteria);
      else if (definition) definition.criteria = criteria;
      open.push(criteria);
    } else if (name === 'criterion') {
      open.at(-1)?.children.push({ kind: 'criterion', comment: text('comment'), test: text('test_ref') });
    } else if (name === 'rpminfo_test') {
      test = { states: [] };
      tests.set(text('id'), test);
    } else if (name === 'object' && test) test.object = text('object_ref');
    else if (name === 'state' && test) test.states.push(text('state_ref'));
    else if (name === 'rpminfo_object' || name === 'rpminfo_state') current = text('id');
    else if (name === 'evr') operation = attributes.get('operation') ?? 'equals';
  };
  const end = (name: string, text: string): void => {
    const definition = definitions.at(-1);
    if (name === 'criteria') open.pop();
    else if (name === 'rpminfo_test') test = undefined;
    else if (name === 'platform') definition?.platforms.push(text);
    else if (name === 'severity' && definition) definition.severity = text;
    else if (name === 'cve' && definition && /^CVE-\d{4}-\d{4,}$/.test(text)) definition.ids.push(text);
    else if (name === 'name' && current !== '') objects.set(current, text);
    else if (name === 'evr' && current !== '') states.set(current, { operation, evr: text });
    else if (name === 'rpminfo_object' || name === 'rpminfo_state') current = '';
  };
  await readXml(chunks, { open: start, close: end });

  return definitions.flatMap((definition) =>
    packageTests(definition.criteria, { platforms: [], module: undefined }).flatMap(
      ({ reference, comment, platforms, module }) => {
        const common = {
          definition: definition.id,
          ids: [...new Set(definition.ids)],
          severity: definition.severity,
          platforms: platforms.length > 0 ? platforms : definition.platforms,
          module,
        };
        const said = sourceClaim(comment);
        if (said) return { ...common, ...said };
        const found = tests.get(reference);
        const name = objects.get(found?.object ?? '');
        const state = found?.states.map((id) => states.get(id)).find((one) => one !== undefined);
        if (name === undefined || state === undefined || !isBound(state.operation)) return [];
        return { ...common, name, operation: state.operation, evr: state.evr };
      },
    ),
  );
}

const SOURCE = /^(?:\([^)]{1,40}\) )?'?([a-z0-9][a-z0-9+.-]+)'? (?:package|kernel) in [a-z]+,? (?:is|was) (.+)$/;

/**
 * Ubuntu's definitions test each binary package of a source package, and name the latter, by which everybody else matches, only
 * in the comment: "subversion package in jammy was vulnerable but has been fixed (note: '1.14.1-3ubuntu0.22.04.1')."
 * What is "related to the CVE in some way" is not said to be affected.
 */
function sourceClaim(comment: string): Pick<OvalClaim, 'name' | 'operation' | 'evr' | 'state'> | undefined {
  const [, name, state = ''] = SOURCE.exec(comment) ?? [];
  if (name === undefined) return undefined;
  const evr = /^vulnerable but has been fixed \(note: '([^']+)'\)/.exec(state)?.[1];
  if (evr !== undefined) return { name, operation: 'less than', evr };
  if (/^affected and may need/.test(state)) return { name, operation: 'any', evr: '', state: 'untriaged' };
  if (!/^affected(?: and needs|,|\.)/.test(state)) return undefined;
  const isIgnored = /decision has been made to ignore/.test(state);
  return { name, operation: 'any', evr: '', ...(isIgnored ? { state: 'ignored' } : {}) };
}

const isBound = (operation: string): operation is OvalClaim['operation'] =>
  operation === 'less than' || operation === 'less than or equal';

interface Scope {
  readonly platforms: readonly string[];
  readonly module: string | undefined;
}

const INSTALLED = /^(.+?) is installed$/;
const MODULE = /^Module ([\w.+-]+:[\w.+-]+) is enabled$/;

/** The tests under a node, each with what the AND branches above it ask for. */
function packageTests(
  node: Criteria | Criterion | undefined,
  scope: Scope,
): readonly {
  readonly reference: string;
  readonly comment: string;
  readonly platforms: readonly string[];
  readonly module: string | undefined;
}[] {
  if (node === undefined) return [];
  if (node.kind === 'criterion') return [{ reference: node.test, comment: node.comment, ...scope }];
  if (node.operator !== 'AND') return node.children.flatMap((child) => packageTests(child, scope));
  const platforms = node.children.flatMap(platformsOf);
  const module = node.children.map(moduleOf).find((one) => one !== undefined);
  const narrowed = { platforms: platforms.length > 0 ? platforms : scope.platforms, module: module ?? scope.module };
  return node.children.flatMap((child) => packageTests(child, narrowed));
}

/** "SUSE Linux Enterprise Server 15 SP4 is installed", alone or as one of several. */
function platformsOf(node: Criteria | Criterion): readonly string[] {
  if (node.kind === 'criterion') {
    const name = INSTALLED.exec(node.comment)?.[1];
    return name === undefined ? [] : [name];
  }
  const names = node.children.map(platformsOf);
  return node.operator === 'OR' && names.every((one) => one.length > 0) ? names.flat() : [];
}

const moduleOf = (node: Criteria | Criterion): string | undefined =>
  node.kind === 'criterion' ? MODULE.exec(node.comment)?.[1] : undefined;
