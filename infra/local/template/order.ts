import { LadingError } from '../../../lib/core/errors.ts';

/**
 * Orders nodes so that each comes after what it depends on; equals keep the order in which they are given.
 *
 * @throws LadingError `template-cycle` naming the nodes of the cycle
 */
export function inDependencyOrder(
  nodes: readonly string[],
  dependenciesOf: (node: string) => Iterable<string>,
): string[] {
  const ordered: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const visit = (node: string): void => {
    const known = state.get(node);
    if (known === 'done') return;
    if (known === 'open') {
      const cycle = [...trail.slice(trail.indexOf(node)), node].join(' → ');
      throw new LadingError('template-cycle', `the template's resources depend on each other in a circle: ${cycle}`);
    }
    state.set(node, 'open');
    trail.push(node);
    for (const dependency of dependenciesOf(node)) visit(dependency);
    trail.pop();
    state.set(node, 'done');
    ordered.push(node);
  };
  for (const node of nodes) visit(node);
  return ordered;
}
