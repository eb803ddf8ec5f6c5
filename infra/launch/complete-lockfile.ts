import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/*
 * Completes package-lock.json after `npm install`: npm leaves out the optional packages of other platforms that the
 * registry in use does not offer, and then `npm ci` refuses the lockfile. What is added names version and platform, and
 * is fetched on that platform alone. Run it after every change of dependencies: node infra/launch/complete-lockfile.ts
 */
const file = join(import.meta.dirname, '..', '..', 'package-lock.json');

const entrySchema = z.looseObject({
  dev: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockSchema = z.looseObject({ packages: z.record(z.string(), entrySchema) });

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'riscv64', 's390x', 'ppc64', 'arm'];

/** Packages of one platform are named by it: `cli-linux-x64-musl`, `core-win32-arm64-msvc`. */
function platformOf(name: string) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const system = SYSTEMS.find((one) => words.includes(one));
  const processor = PROCESSORS.find((one) => words.includes(one));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    ...(processor ? { cpu: [processor] } : {}),
    ...(libc && system === 'linux' ? { libc: [libc] } : {}),
    ...(system ? { os: [system] } : {}),
  };
}

const lock = lockSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const packages = new Map(Object.entries(lock.packages));
let added = 0;
for (const [path, entry] of [...packages]) {
  if (path === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const target = `node_modules/${name}`;
    if (packages.has(target) || packages.has(`${path}/${target}`)) continue;
    const dev = entry.dev ? { dev: true } : {};
    packages.set(target, { version: version.replace(/^[~^]/, ''), ...dev, optional: true, ...platformOf(name) });
    added++;
  }
}
const sorted = [...packages].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
console.log(`${added} packages of other platforms added`);
