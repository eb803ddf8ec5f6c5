import { DAY, now, type SimulatedImage } from '../policy/support.ts';

/*
 * What other registries do with a repository, written from their own descriptions and apart from our evaluator: the
 * documents are read here as plain values, images are sorted and cut where the descriptions say so.
 */

type Images = readonly SimulatedImage[];
// biome-ignore lint/suspicious/noExplicitAny: the simulators take the documents as they come, without our schemas.
type Document = any;

const newestFirst = (images: Images, time: (image: SimulatedImage) => number): SimulatedImage[] =>
  [...images].sort((a, b) => time(b) - time(a) || (a.id < b.id ? -1 : 1));
const ageDays = (time: number): number => (now - time) / DAY;
const star = (pattern: string, tag: string): boolean => {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === tag;
  const [first = '', ...rest] = parts;
  if (!tag.startsWith(first)) return false;
  let at = first.length;
  for (const [i, part] of rest.entries()) {
    if (i === rest.length - 1) return tag.length - part.length >= at && tag.endsWith(part);
    const found = tag.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
};

/** ECR User Guide, "How lifecycle policies work": each rule marks; an image that a rule saw is no later rule's. */
export function simulateEcr(document: Document, images: Images): string[] {
  const seen = new Set<string>();
  const expired: string[] = [];
  const rules = [...document.rules].sort((a, b) => a.rulePriority - b.rulePriority);
  for (const { selection, action } of rules) {
    const patterns: string[] = selection.tagPatternList ?? (selection.tagPrefixList ?? []).map((p: string) => `${p}*`);
    const matched = images.filter(({ tags }) => {
      if (selection.tagStatus === 'any') return true;
      if (selection.tagStatus === 'untagged') return tags.length === 0;
      return tags.length > 0 && patterns.every((pattern) => tags.some((tag) => star(pattern, tag)));
    });
    const marked =
      selection.countType === 'imageCountMoreThan'
        ? newestFirst(matched, (image) => image.pushedAt).slice(selection.countNumber)
        : matched.filter((image) => {
            // What was never pulled counts from its push.
            const since =
              selection.countType === 'sinceImagePulled' ? (image.pulledAt ?? image.pushedAt) : image.pushedAt;
            return ageDays(since) > selection.countNumber;
          });
    const does = action.type === 'transition' ? 'ecr-archive ' : '';
    expired.push(...marked.filter(({ id }) => !seen.has(id)).map(({ id }) => `${does}${id}`));
    for (const { id } of matched) seen.add(id);
  }
  return expired.sort();
}

/** goharbor/harbor, src/pkg/retention: the retained of all rules are united, the others are deleted by digest. */
export function simulateHarbor(document: Document, images: Images): string[] {
  const rules = document.rules.filter((rule: Document) => !rule.disabled);
  if (rules.length === 0) return [];
  const retained = new Set<string>();
  for (const { template, params, tag_selectors } of rules) {
    const n = Number(params?.[template]);
    let candidates = [...images];
    for (const { decoration, pattern, extras } of tag_selectors) {
      const told = extras ? JSON.parse(extras).untagged : undefined;
      const untagged = told ?? decoration !== 'excludes';
      const matches = (tag: string): boolean => harborPattern(pattern).some((one) => one === '**' || star(one, tag));
      candidates = candidates.filter(({ tags }) => {
        if (tags.length === 0) return decoration === 'matches' ? untagged : !untagged;
        return decoration === 'matches' ? tags.some(matches) : tags.some((tag) => !matches(tag));
      });
    }
    const pulled = (image: SimulatedImage): number => image.pulledAt ?? 0;
    const pick: Record<string, () => SimulatedImage[]> = {
      always: () => candidates,
      latestPushedK: () => newestFirst(candidates, (image) => image.pushedAt).slice(0, n),
      latestPulledN: () => newestFirst(candidates, pulled).slice(0, n),
      latestActiveK: () => newestFirst(candidates, (image) => Math.max(pulled(image), image.pushedAt)).slice(0, n),
      lastXDays: () => candidates.filter((image) => ageDays(image.pushedAt) < n),
      nDaysSinceLastPush: () => candidates.filter((image) => ageDays(image.pushedAt) <= n),
      nDaysSinceLastPull: () => candidates.filter((image) => ageDays(pulled(image)) <= n),
    };
    for (const { id } of pick[template]?.() ?? []) retained.add(id);
  }
  return images
    .filter(({ id }) => !retained.has(id))
    .map(({ id }) => id)
    .sort();
}

function harborPattern(pattern: string): string[] {
  const braces = /^(.*)\{(.*)\}(.*)$/.exec(pattern);
  if (pattern === '[mp]*') return ['m*', 'p*'];
  return braces ? (braces[2] ?? '').split(',').map((one) => `${braces[1]}${one}${braces[3]}`) : [pattern];
}

const goDays = (text: string): number => {
  const [, number, unit] = /^([\d.]+)(h|s)$/.exec(text) ?? [];
  return Number(number) / (unit === 'h' ? 24 : 86_400);
};

/** project-zot/zot, pkg/retention: a tag belongs to the first entry with a pattern for it; any of its rules keeps it. */
export function simulateZot(document: Document, images: Images): string[] {
  const [policy] = document.policies;
  const tags = images.flatMap((image) => image.tags.map((tag) => ({ ...image, id: tag })));
  const rest = (keep: Document, of: SimulatedImage[]): SimulatedImage[] => {
    const kept = new Set<SimulatedImage>();
    const {
      mostRecentlyPulledCount: pulls = 0,
      mostRecentlyPushedCount: pushes = 0,
      pulledWithin,
      pushedWithin,
    } = keep;
    if (!pulls && !pushes && !pulledWithin && !pushedWithin) return [];
    for (const one of newestFirst(of, (image) => image.pulledAt ?? 0).slice(0, pulls)) kept.add(one);
    for (const one of newestFirst(of, (image) => image.pushedAt).slice(0, pushes)) kept.add(one);
    for (const one of of) {
      const lately = (time: number | undefined, within: string) => time !== undefined && ageDays(time) < goDays(within);
      if (pulledWithin && (lately(one.pulledAt, pulledWithin) || lately(one.pushedAt, pulledWithin))) kept.add(one);
      if (pushedWithin && lately(one.pushedAt, pushedWithin)) kept.add(one);
    }
    return of.filter((one) => !kept.has(one));
  };
  const deleted: SimulatedImage[] = [];
  if ((policy.keepTags ?? []).length > 0) {
    const groups = new Map<number, SimulatedImage[]>();
    for (const tag of tags) {
      const i = policy.keepTags.findIndex(
        ({ patterns = [] }: Document) =>
          patterns.length === 0 || patterns.some((p: string) => new RegExp(p).test(tag.id)),
      );
      if (i < 0) deleted.push(tag);
      else groups.set(i, [...(groups.get(i) ?? []), tag]);
    }
    for (const [i, members] of groups) deleted.push(...rest(policy.keepTags[i], members));
  }
  const untagged = images.filter((image) => image.tags.length === 0);
  // An entry for untagged manifests that asks for nothing is as good as none.
  const asks = Object.values(policy.keepUntagged ?? {}).some((value) => value !== undefined && value !== 0);
  if (policy.deleteUntagged ?? true) deleted.push(...(asks ? rest(policy.keepUntagged, untagged) : untagged));
  return deleted.map(({ id }) => id).sort();
}

/** Artifact Registry, "Configure cleanup policies": what a Delete policy finds, unless a Keep policy does as well. */
export function simulateGoogle(document: Document, images: Images): string[] {
  const found = (action: string): Set<string> => {
    const ids = new Set<string>();
    for (const { action: own, condition, mostRecentVersions } of document) {
      if (own.type !== action) continue;
      const some = mostRecentVersions
        ? newestFirst(images, (image) => image.pushedAt).slice(0, mostRecentVersions.keepCount)
        : images.filter((image) => googleMatches(condition ?? {}, image));
      for (const { id } of some) ids.add(id);
    }
    return ids;
  };
  const kept = found('Keep');
  return [...found('Delete')].filter((id) => !kept.has(id)).sort();
}

function googleMatches(
  { tagState = 'any', tagPrefixes, olderThan, newerThan }: Document,
  image: SimulatedImage,
): boolean {
  const state = tagState.toLowerCase();
  if (state === 'tagged' && image.tags.length === 0) return false;
  if (state === 'untagged' && image.tags.length > 0) return false;
  if (
    tagPrefixes &&
    state !== 'untagged' &&
    !image.tags.some((tag) => tagPrefixes.some((p: string) => tag.startsWith(p)))
  )
    return false;
  const seconds = (text: string): number => Number.parseInt(text, 10) * (text.endsWith('d') ? 86_400 : 1);
  const age = ageDays(image.pushedAt) * 86_400;
  return (!olderThan || age > seconds(olderThan)) && (!newerThan || age < seconds(newerThan));
}

/** GitLab, "How the cleanup policy works": the list of tags is narrowed step by step, and what is left is deleted. */
export function simulateGitlab(document: Document, images: Images): string[] {
  if (document.enabled === false || !document.name_regex_delete) return [];
  const whole = (regex: string, tag: string): boolean => new RegExp(`^(?:${regex})$`).test(tag);
  let tags = images.flatMap((image) => image.tags.map((tag) => ({ ...image, id: tag })));
  tags = tags.filter(({ id }) => id !== 'latest');
  tags = tags.filter(({ id }) => whole(document.name_regex_delete, id));
  if (document.name_regex_keep) tags = tags.filter(({ id }) => !whole(document.name_regex_keep, id));
  tags = newestFirst(tags, (tag) => tag.createdAt);
  if (document.keep_n) tags = tags.slice(document.keep_n);
  if (document.older_than)
    tags = tags.filter((tag) => ageDays(tag.createdAt) > Number.parseInt(document.older_than, 10));
  return tags.map(({ id }) => id).sort();
}

/** Quay, auto-prune policies: by number of tags or age, of those that match the pattern, or that do not. */
export function simulateQuay(document: Document, images: Images): string[] {
  const all = images.flatMap((image) => image.tags.map((tag) => ({ ...image, id: tag })));
  const pruned = new Set<string>();
  for (const { method, value, tagPattern, tagPatternMatches = true } of document) {
    const tags = all.filter(({ id }) => !tagPattern || new RegExp(tagPattern).test(id) === tagPatternMatches);
    const days =
      Number.parseInt(value, 10) / (String(value).endsWith('s') ? 86_400 : String(value).endsWith('w') ? 1 / 7 : 1);
    const some =
      method === 'number_of_tags'
        ? newestFirst(tags, (tag) => tag.pushedAt).slice(Number(value))
        : tags.filter((tag) => ageDays(tag.pushedAt) > days);
    for (const { id } of some) pruned.add(id);
  }
  return [...pruned].sort();
}

/**
 * JFrog, "Cleanup Policies": a version goes where all conditions hold; the newest so many of a package stay in any case.
 * What we write is switched off until somebody has looked at it, so the switch is not looked at here.
 */
export function simulateArtifactory({ searchCriteria: of }: Document, images: Images): string[] {
  if (!of.includedPackages.some((one: string) => one === '**' || one === 'app')) return [];
  if (of.excludedPackages?.includes('app')) return [];
  const tags = images.flatMap((image) => image.tags.map((tag) => ({ ...image, id: tag })));
  const newest = new Set(newestFirst(tags, (tag) => tag.pushedAt).slice(0, of.keepLastNVersions ?? 0));
  return tags
    .filter((tag) => !newest.has(tag))
    .filter((tag) => !of.createdBeforeInDays || ageDays(tag.pushedAt) > of.createdBeforeInDays)
    .filter(
      (tag) => !of.lastDownloadedBeforeInDays || ageDays(tag.pulledAt ?? tag.pushedAt) > of.lastDownloadedBeforeInDays,
    )
    .map(({ id }) => id)
    .sort();
}
