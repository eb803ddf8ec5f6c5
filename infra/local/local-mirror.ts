import { describeError } from '../../lib/core/errors.ts';
import type { MirrorOptions } from './registry/mirror/mirror.ts';

/**
 * The mirrors of the configuration, for the registry of the local stack. Its gate is the stack's own, which knows an
 * image by its name there.
 *
 * @param lading the context key, as the app reads it
 */
export async function localMirror(
  lading: Readonly<Record<string, unknown>>,
  stack: { readonly api: () => string | undefined; readonly onProblem: (what: string) => void },
): Promise<((host: string) => MirrorOptions) | undefined> {
  if (lading['mirrors'] === undefined) return undefined;
  const [{ readConfig }, { upstreamRegistries }, { apiGate }] = await Promise.all([
    import('../config.ts'),
    import('./upstream-registries.ts'),
    import('./registry/mirror/api-gate.ts'),
  ]);
  const { mirrors, registries } = readConfig({ lading });
  return (host) => ({
    rules: mirrors,
    registries: upstreamRegistries(registries),
    gate: apiGate({
      api: stack.api,
      nameOf: ({ repository }) => `${host}/${repository}`,
      onProblem: (error) => stack.onProblem(describeError(error)),
    }),
  });
}
