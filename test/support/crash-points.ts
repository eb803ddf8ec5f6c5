import type { LocalStack, StackOptions } from '../../infra/local/stack.ts';
import type { TestStack } from './stack.ts';

type Chaos = NonNullable<ReturnType<NonNullable<StackOptions['chaos']>>>;
type Kill = Parameters<NonNullable<Chaos['onStart']>>[0];

export interface CrashPoints {
  /** For the stack's option: learns how to kill what runs. */
  readonly chaos: (functionName: string) => Required<Pick<Chaos, 'onStart'>>;
  /** For the stack's option `intercept`, beside what else intercepts: publishing is a point. */
  published(event: { readonly source: string; readonly 'detail-type': string; readonly detail: unknown }): void;
  /** Watches the writes of a started stack. */
  watch(system: TestStack): void;
  /** How often work was killed right after the effect, by point. */
  readonly killed: ReadonlyMap<string, number>;
  /** How often each point was passed by a function that could be killed there. */
  readonly passed: ReadonlyMap<string, number>;
}

const STAGES: Readonly<Record<string, string>> = {
  ...{ catalog: 'catalog-image', sbom: 'create-sbom', match: 'match-vulnerabilities', gate: 'decide-gate' },
  ...{ sign: 'sign-image', replicate: 'replicate-image', repair: 'replicate-image', notify: 'notify' },
};
/** Who writes a table that only one function of the pipeline writes. */
const WRITERS: Readonly<Record<string, string>> = {
  ...{ catalog: 'catalog-image', packages: 'match-vulnerabilities', scans: 'match-vulnerabilities' },
  ...{ verdicts: 'decide-gate', signatures: 'sign-image', replicas: 'replicate-image', audit: 'record-audit' },
};
const PUBLISHERS: Readonly<Record<string, string>> = {
  ...{ 'lading.intake': 'intake-ecr', 'lading.inventory': 'catalog-image', 'lading.sbom': 'create-sbom' },
  ...{ 'lading.vulnerabilities': 'match-vulnerabilities', 'lading.policy': 'decide-gate' },
  ...{ 'lading.signing': 'sign-image', 'lading.replication': 'replicate-image' },
};

/**
 * Kills functions right after they had an effect outside of themselves, and before they learn of it: after each kind
 * of write to a table, each kind of event and each kind of push, some of the first
 * times that it is passed.
 */
export function crashPoints(options: { readonly timesEach: number; readonly armed: () => boolean }): CrashPoints {
  const running = new Map<string, Set<Kill>>();
  const killed = new Map<string, number>();
  const passed = new Map<string, number>();
  const reach = async (functionName: string, effect: string): Promise<void> => {
    const point = `${functionName}: ${effect}`;
    const kills = [...(running.get(`lading-${functionName}`) ?? [])];
    if (!options.armed() || kills.length === 0) return;
    const before = passed.get(point) ?? 0;
    passed.set(point, before + 1);
    const times = killed.get(point) ?? 0;
    // Every other time, or the first messages would have all of it.
    if (times >= options.timesEach || before % 2 === 1) return;
    killed.set(point, times + 1);
    await Promise.all(kills.map((kill) => kill()));
  };
  return {
    killed,
    passed,
    chaos: (functionName) => ({
      onStart(kill) {
        const kills = running.get(functionName) ?? new Set();
        running.set(functionName, kills.add(kill));
        return () => kills.delete(kill);
      },
    }),
    published({ source, 'detail-type': type, detail }) {
      const sweep = (detail as { metadata?: { sweep?: boolean } }).metadata?.sweep;
      const swept = (source === 'lading.intake' && sweep) || type === 'Replica Diverged';
      const publisher = swept ? 'reconcile' : PUBLISHERS[source];
      if (publisher !== undefined) void reach(publisher, `published ${type}`);
    },
    watch({ stack, source, replica }) {
      watchTables(stack, reach);
      source.registry.onEvent(({ kind, artifactMediaType = '' }) => {
        if (kind === 'push' && artifactMediaType.includes('sigstore')) void reach('sign-image', 'pushed a signature');
      });
      replica.registry.onEvent(({ kind, tag }) => {
        if (kind === 'push') void reach('replicate-image', `pushed a ${tag === undefined ? 'manifest' : 'tag'}`);
      });
    },
  };
}

function watchTables(stack: LocalStack, reach: (functionName: string, effect: string) => Promise<void>): void {
  const { tables } = stack;
  const execute = tables.execute.bind(tables);
  tables.execute = async (region, operation, body) => {
    const answer = await execute(region, operation, body);
    const write = answer.status === 200 ? describeWrite(operation, body) : undefined;
    // The answer waits until the killed are dead, so that none of them hears it.
    if (write !== undefined) await reach(...write);
    return answer;
  };
}

/** Which function wrote, and what: by the table, and in the table of work by the stage. */
function describeWrite(operation: string, body: string): [functionName: string, effect: string] | undefined {
  const request = JSON.parse(body) as {
    readonly TableName?: string;
    readonly RequestItems?: Readonly<Record<string, unknown>>;
    readonly Key?: { readonly sk?: { readonly S?: string } };
    readonly Item?: { readonly sk?: { readonly S?: string } };
    readonly UpdateExpression?: string;
  };
  if (!/^(?:Put|Update|Delete|BatchWrite)Item$/.test(operation)) return undefined;
  const physical = request.TableName ?? Object.keys(request.RequestItems ?? {})[0] ?? '';
  const table = /Tables([A-Z][a-z]+?)[0-9A-F]{8}/.exec(physical)?.[1]?.toLowerCase() ?? physical;
  const key = (request.Key ?? request.Item)?.sk?.S?.split('#')[0] ?? '';
  if (table !== 'work' && table !== 'deliveries') {
    const writer = WRITERS[table];
    return writer === undefined ? undefined : [writer, `${operation} ${key.slice(0, 12)} in ${table}`];
  }
  const stage = STAGES[key];
  const step = workStep(request.UpdateExpression ?? '');
  return stage === undefined || step === undefined ? undefined : [stage, `${step} ${key}`];
}

function workStep(expression: string): string | undefined {
  if (expression.includes('ADD attempts')) return 'began';
  if (expression.includes('outcome')) return 'completed';
  return undefined;
}
