import type { Digest } from '../../core/digest.ts';
import { groupBy } from '../../core/group-by.ts';
import type { ArtifactClass } from '../../events/index.ts';
import type { CompactRepository } from '../../inventory/index.ts';
import type { Graph } from '../closed-graphs.ts';
import type { RetentionPolicy } from '../config.ts';
import type { Judgement, Pulls } from '../model.ts';
import type { Unit } from './unit.ts';

/** A tag of an image. Times in ms. */
export interface LiveTag {
  readonly tag: string;
  /** Of the graph; undefined where nothing there is about its digest. */
  readonly node: number | undefined;
  readonly boundAt: number;
}

interface UnitInputs {
  readonly repository: CompactRepository;
  readonly graph: Graph;
  readonly pulls: Pulls | undefined;
  readonly uses: Pulls | undefined;
  readonly judgements: ReadonlyMap<Digest, Judgement> | undefined;
}

/** What a policy decides on, in one repository. A tag of something that the catalogue lacks is not among them. */
export function toUnits(
  inputs: UnitInputs,
  unit: RetentionPolicy['unit'],
  tags: readonly LiveTag[],
  /** Rows without tag that hang on nothing. */
  loose: readonly number[],
): RowUnit[] {
  const { repository, graph } = inputs;
  const units: RowUnit[] = [];
  const rowOf = ({ node }: LiveTag): number | undefined =>
    node !== undefined && graph.isManifest(node) ? node : undefined;
  if (unit === 'tag') {
    for (const live of tags) {
      const row = rowOf(live);
      if (row !== undefined) units.push(new RowUnit(inputs, row, live.tag, [live.tag], live.boundAt));
    }
  } else {
    for (const [row, own] of groupBy(tags, rowOf, ({ tag }) => tag)) {
      units.push(new RowUnit(inputs, row, repository.digestAt(row), own, repository.pushedAt[row] as number));
    }
  }
  for (const row of loose) {
    const since = Math.max(repository.pushedAt[row] as number, repository.firstSeenAt[row] as number);
    units.push(new RowUnit(inputs, row, repository.digestAt(row), [], since));
  }
  return units;
}

const none: ReadonlyMap<string, string> = new Map();

/** Looks up what a rule asks for when it asks: most rules look at few of these, and there are a hundred thousand units. */
export class RowUnit implements Unit {
  readonly row: number;
  readonly id: string;
  readonly tags: readonly string[];
  readonly pushedAt: number;
  readonly #inputs: UnitInputs;

  constructor(inputs: UnitInputs, row: number, id: string, tags: readonly string[], pushedAt: number) {
    this.#inputs = inputs;
    this.row = row;
    this.id = id;
    this.tags = tags;
    this.pushedAt = pushedAt;
  }

  get digest(): Digest {
    return this.#inputs.repository.digestAt(this.row);
  }

  get pulledAt(): Unit['pulledAt'] {
    return this.#lastOf(this.#inputs.pulls);
  }

  get usedAt(): Unit['usedAt'] {
    return this.#lastOf(this.#inputs.uses);
  }

  get createdAt(): number | undefined {
    const time = this.#inputs.repository.createdAt[this.row] as number;
    return Number.isNaN(time) ? undefined : time;
  }

  get artifactClass(): ArtifactClass {
    const { repository } = this.#inputs;
    return repository.textOf(repository.artifactClass[this.row]) as ArtifactClass;
  }

  get platforms(): readonly string[] {
    const { repository } = this.#inputs;
    const { platform, childStart, childPlatform } = repository;
    const listed = childPlatform.slice(childStart[this.row], childStart[this.row + 1]);
    return [platform[this.row], ...listed]
      .map((number) => repository.textOf(number))
      .filter((one) => one !== undefined);
  }

  get labels(): ReadonlyMap<string, string> {
    const { repository } = this.#inputs;
    const from = repository.labelStart[this.row] as number;
    const to = repository.labelStart[this.row + 1] as number;
    if (from === to) return none;
    const labels = new Map<string, string>();
    for (let i = from; i < to; i += 2) {
      labels.set(
        repository.textOf(repository.label[i]) as string,
        repository.textOf(repository.label[i + 1]) as string,
      );
    }
    return labels;
  }

  get signed(): boolean {
    const { repository, graph } = this.#inputs;
    return graph
      .referrersOf(this.row)
      .some((node) => repository.textOf(repository.artifactClass[node]) === 'signature');
  }

  get sizeBytes(): number {
    const { repository, graph } = this.#inputs;
    let sum = repository.sizeBytes[this.row] as number;
    for (const child of graph.childrenOf(this.row)) sum += repository.sizeBytes[child] ?? 0;
    return sum;
  }

  get verdict(): Judgement['verdict'] {
    return this.#inputs.judgements?.get(this.digest)?.verdict;
  }

  get severity(): string | undefined {
    return this.#inputs.judgements?.get(this.digest)?.severity;
  }

  /** What is pulled or runs is often one platform of an index: that counts for the index. */
  #lastOf(told: Pulls | undefined): Unit['pulledAt'] {
    if (!told) return 'unknown';
    const { repository } = this.#inputs;
    const { childStart, child, digests } = repository;
    let last = told.last.get(this.digest);
    for (let i = childStart[this.row] as number; i < (childStart[this.row + 1] as number); i++) {
      const other = told.last.get(digests.digestOf(child[i] as number));
      if (other !== undefined && (last === undefined || other > last)) last = other;
    }
    if (last !== undefined) return Date.parse(last);
    const since = Date.parse(told.since);
    // It may have happened until the moment from which it is told.
    return (repository.firstSeenAt[this.row] as number) >= since ? 'never' : since;
  }
}
