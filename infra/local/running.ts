import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { bucketClient } from '../../lib/aws/bucket-client.ts';
import { queueClient, runNow } from '../../lib/aws/queues.ts';
import { type StackFile, stackFileOf } from '../../lib/cli/connection.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { s3Documents } from '../../lib/documents/adapters/s3-documents.ts';
import { intakeConfigSchema } from '../../lib/intake/config.ts';
import { localRecall } from './archive-recall.ts';
import { AwsServices, type RegionalRegistry } from './aws-services.ts';
import { localMirror } from './local-mirror.ts';
import { localScanners } from './local-scanners.ts';
import type { StartOptions } from './options.ts';
import { trustGate } from './pull-gate.ts';
import { localRegistry, pushSample, SAMPLE } from './sample/push-sample.ts';
import { type LocalStack, startLocalStack } from './stack.ts';
import { followImage } from './view/follow-image.ts';
import type { ImageState } from './view/image-state.ts';
import { coloured, type Paint, plain, summaryLines } from './view/render-progress.ts';

/** An image that stands still for so long has stalled, in milliseconds. */
const PATIENCE_MS = 60_000;
const SETTLE_MS = 120_000;
/** AWS has a failed message wait for minutes; here somebody looks on. Ten tries outlast the lease of a dead worker. */
export const retrySoon = (receiveCount: number): number => 0.25 * 2 ** (receiveCount - 1);

/** A started stack, and what `npm start` does with it. */
export class Running {
  readonly #stack: LocalStack;
  readonly #aws: AwsServices;
  readonly #file: string;
  readonly #paint: Paint = process.stdout.isTTY && !process.env.NO_COLOR ? coloured : plain;

  private constructor(stack: LocalStack, aws: AwsServices, options: StartOptions) {
    this.#stack = stack;
    this.#aws = aws;
    this.#file = stackFileOf(options.dataDir);
  }

  /** @throws LadingError where a port is taken, the folder is in use, the disk is full or the template is wrong */
  static async start(root: string, options: StartOptions): Promise<Running> {
    const began = performance.now();
    const notice = (line: string): void => void process.stderr.write(`! ${line}\n`);
    const { port } = options;
    const at = (offset: number): number => (port === 0 ? 0 : port + offset);
    const context = localContext(root, options.scanners);
    let api: string | undefined;
    const mirror = await localMirror(context.lading, { api: () => api, onProblem: notice });
    const aws = new AwsServices({
      registryPorts: [0, 1, 2, 3].map(at),
      ...(mirror === undefined ? {} : { mirror }),
      ...(options.pullGate ? { pullGate: trustGate(() => api) } : {}),
      ...(context.lading.retention === undefined ? {} : { recall: localRecall(() => api, notice) }),
      onProblem: notice,
    });
    const stack = await startLocalStack({
      root,
      dataDir: options.dataDir,
      ports: { apis: [at(80)], facade: at(90) },
      services: aws.open,
      context,
      retryAfterSeconds: retrySoon,
      onNotice: notice,
    });
    // Functions load in the background, so that the first image does not wait for them one after the other.
    void stack.warm();
    const running = new Running(stack, aws, options);
    api = running.#api;
    running.#writeFile(intakeConfigSchema.parse(context.lading['intake'] ?? {}).sources);
    running.#say(
      `${running.#paint('bold', 'Lading')} is ready after ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
    for (const { region, registry } of aws.registries)
      running.#row(`registry`, `${pushAddress(registry.url)}  (${region})`);
    for (const { registry } of aws.registries) {
      for (const { prefix, upstream } of registry.mirrors()) {
        running.#row(
          'mirror',
          `${pushAddress(registry.url)}/${prefix === 'ROOT' ? '' : `${prefix}/`}…  of ${upstream}`,
        );
      }
    }
    running.#row('page', running.#api);
    running.#row('data', options.dataDir);
    if (stack.skipped.length > 0)
      running.#row('not here', [...new Set(stack.skipped.map(({ type }) => type))].join(', '));
    for (const note of stack.notes) notice(note);
    return running;
  }

  get #api(): string {
    const [address] = this.#stack.apis;
    if (!address) throw new LadingError('template-invalid', 'the template has no HTTP API');
    return address.endpoint;
  }

  get #source(): RegionalRegistry {
    const [first] = this.#aws.registries;
    if (!first) throw new LadingError('template-invalid', 'there is no registry');
    return first;
  }

  /**
   * Puts the advisories in force and sweeps the registries, and waits for both: an image that is matched before would
   * find nothing, and messages that were queued when the stack last ended are lost, as the sweep finds.
   */
  async prepare(advisories: readonly string[]): Promise<void> {
    if (advisories.length > 0) await this.#importAdvisories(advisories);
    const client = queueClient({ endpoint: this.#stack.endpoint, region: this.#source.region });
    const run = (name: string, detail = {}) => runNow(client, 'lading-', name, systemClock.now(), detail);
    await run('sync-advisories');
    await this.#settle();
    await run('reconcile', { graceMs: 0 });
    await this.#settle();
    client.destroy();
  }

  async #importAdvisories(paths: readonly string[]): Promise<void> {
    const { importAdvisories } = await import('../../lib/cli/import-advisories.ts');
    const client = bucketClient({ endpoint: this.#stack.endpoint, region: this.#source.region });
    const { advisories, files, leftOut } = await importAdvisories(
      s3Documents(client, this.#bucket('Documents')),
      paths,
    );
    client.destroy();
    this.#row('advisories', `${advisories} in ${files.length} files`);
    for (const { name, why } of leftOut) process.stderr.write(`! ${name} is left out: ${why}\n`);
  }

  #bucket(name: 'Backup' | 'Documents'): string {
    for (const [output, value] of this.#stack.outputs) {
      if (output.endsWith(`.${name}BucketName`) && typeof value === 'string') return value;
    }
    throw new LadingError('template-invalid', `the template has no output ${name}BucketName`);
  }

  async #settle(): Promise<void> {
    const { settled, waitingFor } = await this.#stack.settle({ quietMs: 30, timeoutMs: SETTLE_MS });
    if (!settled) process.stderr.write(`! still under way: ${waitingFor.join(', ')}\n`);
  }

  async showSample(): Promise<void> {
    this.#say(
      `\nPushing the sample image to ${pushAddress(this.#source.registry.url)}/${SAMPLE.repository}:${SAMPLE.tag}`,
    );
    const pushedAt = new Date();
    const digest = await pushSample(this.#source.registry.url);
    await this.#follow(SAMPLE.repository, digest, SAMPLE.tag, pushedAt);
  }

  /** @returns whether the image may run */
  async takeThrough(source: string): Promise<boolean> {
    this.#say(`\nTaking ${source} through every stage`);
    const pushedAt = new Date();
    const target = localRegistry(this.#source.registry.url);
    const { pushImage } = await import('../../lib/cli/push-image.ts');
    const { repository, tag, digest } = await pushImage({ source, target });
    const image = await this.#follow(repository, digest, tag, pushedAt);
    await this.#settle();
    const isRunnable = image.entry.artifactClass === 'image' || image.entry.artifactClass === 'index';
    return !isRunnable || image.verdict?.decision === 'allow';
  }

  sayWhatNext(): void {
    const address = pushAddress(this.#source.registry.url);
    this.#say(
      `\nPush your own:  docker push ${address}/NAME:TAG   or   skopeo copy --dest-tls-verify=false SOURCE docker://${address}/NAME:TAG`,
    );
    this.#say('Ask:            npm run -s lading -- images        (--help lists the commands)');
    this.#say('Ctrl-C stops. What is stored stays.');
  }

  async close(): Promise<void> {
    rmSync(this.#file, { force: true });
    await this.#stack.close();
  }

  async #follow(repository: string, digest: string, tag: string | undefined, pushedAt: Date): Promise<ImageState> {
    const { host, registry } = this.#source;
    const image = await followImage({
      api: this.#api,
      location: `${host}/${repository}@${digest}`,
      pushedAt,
      output: process.stdout,
      patienceMs: PATIENCE_MS,
    });
    const named = `${repository}${tag === undefined ? '' : `:${tag}`}`;
    const replicas = image.replicas.flatMap(({ target }) => {
      const found = this.#aws.registries.find((one) => one.host === target.registry);
      return found ? [`${pushAddress(found.registry.url)}/${target.repository}@${digest}  (${found.region})`] : [];
    });
    const page = `${this.#api}/image?ref=${encodeURIComponent(`${host}/${repository}@${digest}`)}`;
    const reference = `${pushAddress(registry.url)}/${named}`;
    for (const line of summaryLines(image, { reference, page, replicaReferences: replicas }, this.#paint))
      this.#say(line);
    return image;
  }

  #writeFile(webhookSources: StackFile['webhookSources']): void {
    const [, secret] = [...this.#stack.outputs].find(([name]) => name.endsWith('.WebhooksSecretArn')) ?? [];
    const content: StackFile = {
      pid: process.pid,
      api: this.#api,
      endpoint: this.#stack.endpoint,
      region: this.#source.region,
      registries: this.#aws.registries.map(({ host, region, registry }, i) => ({
        host,
        region,
        url: registry.url,
        role: i === 0 ? 'source' : 'replica',
      })),
      documentsBucket: this.#bucket('Documents'),
      backupBucket: this.#bucket('Backup'),
      ...(secret === undefined ? {} : { webhooksSecret: String(secret) }),
      webhookSources,
    };
    writeFileSync(`${this.#file}.new`, JSON.stringify(content, null, 2));
    renameSync(`${this.#file}.new`, this.#file);
  }

  #say(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  #row(name: string, text: string): void {
    this.#say(`  ${this.#paint('dim', name.padEnd(11))}${text}`);
  }
}

/** Clients take plain HTTP for granted on `localhost`. */
const pushAddress = (url: string): string => `localhost:${new URL(url).port}`;

const cdkJson = z.object({ context: z.object({ lading: z.record(z.string(), z.unknown()) }) });

/** The deployed configuration, but nothing is fetched from the network: advisories are the bundled and imported ones. */
function localContext(
  root: string,
  scanners: StartOptions['scanners'],
): { readonly lading: Readonly<Record<string, unknown>> } {
  const { context } = cdkJson.parse(JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')));
  const added = scanners.length === 0 ? {} : { scanners: localScanners(scanners) };
  return { lading: { ...context.lading, advisories: { sources: [] }, ...added } };
}
