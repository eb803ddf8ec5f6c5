import { compileGlobs } from '../core/glob.ts';
import { compilePatterns, compileSelector, type Selectable } from '../selection/index.ts';
import type { ReplicationConfig, ReplicationRule, RuleTarget, Trigger, VerdictFilter } from './config.ts';
import type { RepositoryAddress } from './model.ts';
import { targetName } from './target-name.ts';

export interface ReplicationTarget extends RepositoryAddress {
  /** The first rule that names it. */
  readonly rule: string;
}

/** A place that a rule copies a repository to, with what it says of the copying. */
export interface RuledTarget extends RepositoryAddress {
  readonly rule: ReplicationRule;
  readonly settings: RuleTarget;
}

type RepositoryTest = (repository: string) => boolean;
const tests = new WeakMap<ReplicationRule, RepositoryTest>();

/** Whether a rule is for a repository; read once per rule. */
function testOf(rule: ReplicationRule): RepositoryTest {
  const known = tests.get(rule);
  if (known) return known;
  const isIn = compileGlobs(rule.repositories);
  const isOut = rule.otherRepositories ? compileGlobs(rule.otherRepositories) : () => false;
  const fits = rule.repositoryPatterns ? compilePatterns(rule.repositoryPatterns) : () => true;
  const test: RepositoryTest = (name) => isIn(name) && !isOut(name) && fits(name);
  tests.set(rule, test);
  return test;
}

/**
 * Every place that rules copy a repository to, in the order of the rules; one place may be named by several. A repository
 * is never a target of itself, and what gives no name that a registry takes is left out.
 */
export function ruledTargets({ rules }: ReplicationConfig, of: RepositoryAddress): readonly RuledTarget[] {
  return rules.flatMap((rule) => {
    if (rule.from !== of.registry || !testOf(rule)(of.repository)) return [];
    return rule.to.flatMap((settings) => {
      const repository = targetName(settings, of.repository);
      const isSelf = settings.registry === of.registry && repository === of.repository;
      return repository === undefined || isSelf ? [] : [{ registry: settings.registry, repository, rule, settings }];
    });
  });
}

/** Where images of a repository may be copied, each place once. Which images, `imageTargets` tells. */
export function replicationTargets(config: ReplicationConfig, of: RepositoryAddress): readonly ReplicationTarget[] {
  const targets = new Map<string, ReplicationTarget>();
  for (const { registry, repository, rule } of ruledTargets(config, of)) {
    const key = `${registry}/${repository}`;
    if (!targets.has(key)) targets.set(key, { registry, repository, rule: rule.name });
  }
  return [...targets.values()];
}

/** What rules look at of an image. */
export interface RuledImage {
  readonly tags: readonly string[];
  /** Without it, only rules that select nothing by content can tell. */
  readonly content?: Omit<Selectable, 'tags'> | undefined;
  readonly verdict: VerdictFilter;
}

export interface ImageTarget extends RuledTarget {
  /** The tags of the image that rules copy to it. */
  readonly tags: readonly string[];
}

/**
 * Where an image is copied, with which of its tags: by every rule that takes it, and what several say of one place comes
 * together. An image whose tags a rule passes over is not copied by that rule; one without tags is, if it asks for it.
 */
export function imageTargets(
  config: ReplicationConfig,
  of: RepositoryAddress,
  image: RuledImage,
  trigger?: Trigger,
): readonly ImageTarget[] {
  const targets = new Map<string, ImageTarget>();
  for (const target of ruledTargets(config, of)) {
    if (trigger !== undefined && !(target.rule.triggers?.includes(trigger) ?? true)) continue;
    const tags = selectedTags(target.rule, image);
    if (tags === undefined) continue;
    const key = `${target.registry}/${target.repository}`;
    const known = targets.get(key);
    if (known === undefined) targets.set(key, { ...target, tags });
    else targets.set(key, { ...known, tags: [...new Set([...known.tags, ...tags])] });
  }
  return [...targets.values()];
}

/** `undefined` where the rule does not take the image. */
function selectedTags(rule: ReplicationRule, { tags, content, verdict }: RuledImage): readonly string[] | undefined {
  if (!(rule.verdicts ?? ['allow']).includes(verdict)) return undefined;
  const { select } = rule;
  if (select === undefined) return tags;
  if (content === undefined) return undefined;
  const isSelected = compileSelector(select);
  if (tags.length === 0) return isSelected({ ...content, tags: [] }) ? [] : undefined;
  const selected = tags.filter((tag) => isSelected({ ...content, tags: [tag] }));
  return selected.length > 0 ? selected : undefined;
}

/** Whether any rule must know of an image's content to decide. */
export const asksForContent = (config: ReplicationConfig, of: RepositoryAddress): boolean =>
  ruledTargets(config, of).some(({ rule }) => rule.select !== undefined);
