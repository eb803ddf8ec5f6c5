import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    vendor: z.string(),
    implementor: z.string().optional(),
    repository: z.string().optional(),
  }),
);
export type JvmRecord = z.infer<ReturnType<typeof schema>>;

const MAX_TEXT = 256;

/** The file `release` in the home of a Java runtime (JEP 220, "Modular Run-Time Images"). */
export const jvmReleaseFile: FileKind<JvmRecord> = {
  id: 'jvm-release',
  version: 1,
  match: { names: ['release'] },
  maxBytes: 512 * 1024,
  importance: 'file',
  parse: parseRelease,
  schema,
};

function parseRelease(content: Buffer): JvmRecord | undefined {
  const values = new Map<string, string>();
  for (const line of content.toString('utf8').split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0)
      values.set(
        line.slice(0, equals),
        line
          .slice(equals + 1)
          .trim()
          .replace(/^"|"$/g, '')
          .slice(0, MAX_TEXT),
      );
  }
  // The runtime's version has the build, which tells releases of one version apart.
  const version = values.get('JAVA_RUNTIME_VERSION') || values.get('JAVA_VERSION');
  if (!version) return undefined;
  const implementor = values.get('IMPLEMENTOR');
  const repository = values.get('SOURCE_REPO') || values.get('BUILD_SOURCE_REPO');
  const [vendor, name] = /azul|zulu/i.test(implementor ?? '') ? ['azul', 'zulu'] : ['oracle', 'openjdk'];
  return { name, version, vendor, ...(implementor ? { implementor } : {}), ...(repository ? { repository } : {}) };
}
