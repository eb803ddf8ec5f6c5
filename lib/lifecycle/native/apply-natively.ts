import type { Digest } from '../../core/digest.ts';
import type { RetentionPolicy } from '../config.ts';
import type { Dialect } from '../dialects/index.ts';
import type { RetentionPlan } from '../model.ts';
import type { NativeRules } from './ports.ts';

export type NativeOutcome =
  /** The registry cannot say the same: Lading carries it out. */
  | { readonly kind: 'inexact'; readonly losses: readonly string[] }
  | { readonly kind: 'in-force' }
  /** The registry would take what our plan keeps, or keeps what it takes; nothing was put. */
  | { readonly kind: 'differs'; readonly onlyNative: readonly Digest[]; readonly onlyOurs: readonly Digest[] }
  /** Ready to be put; `drift`: other rules than these are in force. */
  | { readonly kind: 'ready'; readonly document: unknown; readonly drift: boolean; readonly previewed: boolean }
  | { readonly kind: 'put'; readonly document: unknown; readonly drift: boolean; readonly previewed: boolean };

/**
 * Has a registry carry out a policy by itself, where its language says exactly the same, and where what it would take now
 * is what our plan takes: a lease or a hold is known here alone, so a registry that would take what is held gets no rules.
 *
 * @param of the repository or project, as the registry names it
 * @param plans those of the policy, of all repositories that the rules are for
 */
export async function applyNatively(
  rules: NativeRules,
  dialect: Dialect,
  {
    of,
    policy,
    plans,
  }: { readonly of: string; readonly policy: RetentionPolicy; readonly plans: readonly RetentionPlan[] },
  { put }: { readonly put: boolean },
): Promise<NativeOutcome> {
  const { document, losses } = dialect.write(policy);
  if (losses.length > 0) return { kind: 'inexact', losses };
  const current = await rules.read(of);
  if (current !== undefined && covers(current, document)) return { kind: 'in-force' };
  const taken = await rules.preview?.(of, document);
  const ours = new Set(plans.flatMap(({ expire, due }) => [...expire, ...due]).flatMap(({ deletes }) => deletes));
  const held = plans.flatMap(({ spared }) => spared.map(({ digest }) => digest));
  const onlyNative = taken === undefined ? held : taken.filter((digest) => !ours.has(digest));
  const native = new Set(taken);
  const roots = plans.flatMap(({ expire, due }) => [...expire, ...due]).map(({ root }) => root);
  const onlyOurs = taken === undefined ? [] : roots.filter((digest) => !native.has(digest));
  if (onlyNative.length + onlyOurs.length > 0) return { kind: 'differs', onlyNative, onlyOurs };
  const told = { document, drift: current !== undefined, previewed: taken !== undefined };
  if (!put) return { kind: 'ready', ...told };
  await rules.put(of, document);
  return { kind: 'put', ...told };
}

/** Whether all that we would write is there: registries add ids and defaults of their own. */
function covers(current: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(current) && current.length === wanted.length && wanted.every((one, i) => covers(current[i], one))
    );
  }
  if (wanted === null || typeof wanted !== 'object') return current === wanted;
  if (current === null || typeof current !== 'object') return false;
  const members = new Map(Object.entries(current));
  return Object.entries(wanted).every(([name, value]) => value === undefined || covers(members.get(name), value));
}
