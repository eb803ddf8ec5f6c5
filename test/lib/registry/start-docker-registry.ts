import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** Debian's docker-registry (distribution 2.8: no referrers API, no deletion by tag), where it is installed. */
export const dockerRegistryBinary = (process.env.PATH ?? '')
  .split(delimiter)
  .concat('/usr/bin')
  .map((folder) => join(folder, 'docker-registry'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

export async function startDockerRegistry(directory: string): Promise<{ readonly url: URL; stop(): Promise<void> }> {
  const port = await freePort();
  mkdirSync(directory, { recursive: true });
  const config = join(directory, 'config.yml');
  writeFileSync(
    config,
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${directory}/data }, delete: { enabled: true } }
http: { addr: '127.0.0.1:${port}' }
`,
  );
  const child = spawn(dockerRegistryBinary ?? 'docker-registry', ['serve', config], { stdio: 'ignore' });
  const url = new URL(`http://127.0.0.1:${port}`);
  for (let attempt = 0; attempt < 200; attempt++) {
    const up = await fetch(new URL('/v2/', url)).then(
      (response) => response.ok,
      () => false,
    );
    if (up) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}
