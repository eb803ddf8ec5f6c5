import { formatBytes } from '../../core/format-units.ts';
import { compileSelector } from '../../selection/index.ts';
import type { PlacementWeights } from '../config.ts';
import type { EdgeSite, PlacementReason, ScoreTerm } from '../model.ts';
import { BestFirst } from './best-first.ts';
import { linkSeconds } from './link-time.ts';
import { inOrder, Load } from './load.ts';
import {
  type Candidate,
  candidateKey,
  type PassedOver,
  type PassedOverReason,
  type Placed,
  type Placement,
  type PlacementFault,
  type SiteView,
} from './model.ts';
import { inScope } from './scope.ts';
import { costOf, scoreOf, urgency, worthOf } from './score.ts';
import { compileWish } from './wishes.ts';

type PlacedSite = Pick<EdgeSite, 'budgetBytes' | 'link' | 'scope' | 'pins' | 'bans' | 'deadlines'>;

/**
 * What a site should hold: what runs there, then what is pinned, in the order of the pins, then what is worth most for
 * what it takes, as long as there is room. Pure: the same input is the same answer, in whatever order candidates come.
 *
 * Of what is neither in use nor pinned, always the one of the best score is next, and scores are taken anew as shared
 * files are placed: a second image on a base that is there takes only its own layers.
 */
export function placeImages(
  site: PlacedSite,
  candidates: readonly Candidate[],
  view: SiteView,
  options: { readonly weights: PlacementWeights; readonly now: Date },
): Placement {
  return new Placing(site, inOrder(candidates), view, options).run();
}

class Placing {
  readonly #site: PlacedSite;
  readonly #candidates: readonly Candidate[];
  readonly #view: SiteView;
  readonly #weights: PlacementWeights;
  readonly #now: Date;
  readonly #load: Load;
  readonly #barred: readonly (Exclude<PassedOverReason, 'no-room' | 'too-little-worth'> | undefined)[];
  readonly #worth: (readonly ScoreTerm[])[] = [];
  readonly #placed = new Map<number, Placed>();
  readonly #passed = new Map<number, PassedOver>();
  readonly #faults: PlacementFault[] = [];
  /** Seconds of the link until the nearest deadline of each that has one; infinite: by file, at leisure. */
  readonly #secondsLeft = new Map<number, { readonly seconds: number; readonly wish: string; readonly by: string }>();

  constructor(
    site: PlacedSite,
    candidates: readonly Candidate[],
    view: SiteView,
    options: { readonly weights: PlacementWeights; readonly now: Date },
  ) {
    this.#site = site;
    this.#candidates = candidates;
    this.#view = view;
    this.#weights = options.weights;
    this.#now = options.now;
    this.#load = new Load(candidates, view.held);
    this.#barred = candidates.map(barrier(site));
    this.#readDeadlines();
  }

  run(): Placement {
    this.#placeInUse();
    for (const pin of this.#site.pins) this.#placePin(pin);
    this.#placeBest();
    this.#tellLate();
    return {
      placed: [...this.#placed].sort(([a], [b]) => a - b).map(([, placed]) => placed),
      passedOver: [...this.#passed].sort(([a], [b]) => a - b).map(([, passed]) => passed),
      faults: this.#faults,
      bytes: this.#load.bytes,
    };
  }

  #fault(kind: PlacementFault['kind'], wish: string, detail: string, index?: number): void {
    const candidate = index === undefined ? undefined : this.#candidates[index];
    const image = candidate && candidateKey(candidate);
    this.#faults.push({ kind, wish, detail, ...(image === undefined ? {} : { image }) });
  }

  #matching(wish: string): readonly number[] | undefined {
    const matches = compileWish(wish);
    if (matches === undefined) {
      this.#fault('unreadable', wish, 'write repository, repository:tag or repository@digest');
      return undefined;
    }
    return this.#candidates.flatMap((candidate, index) => (matches(candidate) ? [index] : []));
  }

  #readDeadlines(): void {
    for (const { image, by } of this.#site.deadlines) {
      const { link } = this.#site;
      // Who is served by file has as long as there is.
      const seconds = linkSeconds({ ...link, connected: true }, this.#now, new Date(by));
      for (const index of this.#matching(image) ?? []) {
        const known = this.#secondsLeft.get(index);
        if (known === undefined || seconds < known.seconds) this.#secondsLeft.set(index, { seconds, wish: image, by });
      }
    }
  }

  #placeInUse(): void {
    const known = new Set(this.#candidates.map(({ digest }) => digest));
    for (const digest of [...this.#view.inUse].sort()) {
      if (!known.has(digest)) this.#fault('matches-nothing', digest, 'runs there, and the hub does not have it');
    }
    this.#candidates.forEach(({ digest }, index) => {
      if (this.#view.inUse.has(digest)) this.#oblige(index, 'in-use', `${digest}, which runs there`);
    });
  }

  #placePin(pin: string): void {
    const matching = this.#matching(pin);
    if (matching === undefined) return;
    if (matching.length === 0) this.#fault('matches-nothing', pin, 'no image of the hub is named so');
    for (const index of matching) this.#oblige(index, 'pinned', pin);
  }

  /** What must be there is there, or it is said why not. */
  #oblige(index: number, reason: PlacementReason, wish: string): void {
    if (this.#placed.has(index)) return;
    const barred = this.#barred[index];
    if (barred !== undefined) {
      this.#fault(barred, wish, DETAILS[barred], index);
      return;
    }
    const { marginalBytes } = this.#load.addedBy(index);
    const room = this.#site.budgetBytes - this.#load.bytes;
    if (marginalBytes <= room) {
      this.#place(index, reason);
      return;
    }
    const detail = `takes ${formatBytes(marginalBytes)} more, and ${formatBytes(room)} of the budget are left`;
    this.#fault('does-not-fit', wish, detail, index);
  }

  #placeBest(): void {
    const queue = new BestFirst();
    this.#candidates.forEach((candidate, index) => {
      const barred = this.#barred[index];
      if (this.#placed.has(index)) return;
      if (barred === undefined) queue.enter(index, scoreOf(this.#termsOf(index)));
      else this.#passed.set(index, { candidate, why: barred });
    });
    for (let best = queue.next(); best !== undefined; best = queue.next()) {
      const { index, score } = best;
      const fits = this.#load.addedBy(index).marginalBytes <= this.#site.budgetBytes - this.#load.bytes;
      if (!fits || score < this.#weights.leastScore) {
        const candidate = this.#candidates[index] as Candidate;
        const why = fits ? 'too-little-worth' : 'no-room';
        // It comes again where something that it shares files with is placed.
        this.#passed.set(index, { candidate, why, score, terms: this.#termsOf(index) });
        continue;
      }
      this.#passed.delete(index);
      for (const other of this.#place(index, 'placed')) {
        if (this.#barred[other] === undefined && !this.#placed.has(other)) {
          queue.enter(other, scoreOf(this.#termsOf(other)));
        }
      }
    }
  }

  #place(index: number, reason: PlacementReason): ReadonlySet<number> {
    const candidate = this.#candidates[index] as Candidate;
    const terms = this.#termsOf(index);
    const added = this.#load.addedBy(index);
    this.#placed.set(index, { candidate, reason, score: scoreOf(terms), terms, ...added });
    return this.#load.place(index);
  }

  #termsOf(index: number): readonly ScoreTerm[] {
    const added = this.#load.addedBy(index);
    return [...this.#worthOf(index, added.transferBytes), ...costOf(added, this.#site.link, this.#weights)];
  }

  /** But for a deadline, it is the same whatever else is placed. */
  #worthOf(index: number, transferBytes: number): readonly ScoreTerm[] {
    const left = this.#secondsLeft.get(index)?.seconds;
    const known = this.#worth[index];
    if (known !== undefined && left === undefined) return known;
    const candidate = this.#candidates[index] as Candidate;
    const { link } = this.#site;
    const key = candidateKey(candidate);
    const worth = worthOf(
      {
        signals: candidate.signals,
        pullsPerDay: this.#view.pullsPerDay.get(key) ?? 0,
        urgency: left === undefined ? 0 : urgency(left, link.connected ? transferBytes / link.bytesPerSecond : 0),
        incumbent: this.#view.before.has(key),
        now: this.#now,
      },
      this.#weights,
    );
    this.#worth[index] = worth;
    return worth;
  }

  /** What has a deadline is told of where the link is too slow for it, or where it has no room. */
  #tellLate(): void {
    const { link } = this.#site;
    for (const [index, { seconds, wish, by }] of [...this.#secondsLeft].sort(([a], [b]) => a - b)) {
      const placed = this.#placed.get(index);
      if (placed === undefined) {
        const why = this.#passed.get(index)?.why;
        if (why !== undefined) this.#fault('late', wish, `is not placed: ${why}; it should be there by ${by}`, index);
        continue;
      }
      const needed = link.connected ? placed.transferBytes / link.bytesPerSecond : 0;
      if (needed <= seconds) continue;
      const detail = `takes ${Math.ceil(needed)} s of the link, which is up for ${Math.floor(seconds)} s until ${by}`;
      this.#fault('late', wish, detail, index);
    }
  }
}

const DETAILS = {
  banned: 'is banned there',
  'not-allowed': 'the gate does not let it out',
  'out-of-scope': 'is nothing that the site may get',
} as const;

/** What keeps an image away from the site, whatever it is worth. Bans come before all else. */
function barrier({ bans, scope }: PlacedSite): (candidate: Candidate) => keyof typeof DETAILS | undefined {
  const banned = bans.map((ban) => compileWish(ban) ?? (() => false));
  const isIn = inScope(scope);
  const selects = scope.select ? compileSelector(scope.select) : () => true;
  return (candidate) => {
    const { repository, tags, content, allowed } = candidate;
    if (banned.some((matches) => matches(candidate))) return 'banned';
    if (!isIn(repository) || !selects({ ...content, tags })) return 'out-of-scope';
    return allowed ? undefined : 'not-allowed';
  };
}
