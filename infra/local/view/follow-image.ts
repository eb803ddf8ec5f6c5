import { setTimeout as wait } from 'node:timers/promises';
import { LadingError } from '../../../lib/core/errors.ts';
import { type ImageState, imageStateSchema } from './image-state.ts';
import { coloured, plain, progressLines, stageLine, visibleWidth } from './render-progress.ts';

export interface FollowOptions {
  readonly api: string;
  /** `registry/repository@digest` */
  readonly location: string;
  readonly pushedAt: Date;
  readonly output: NodeJS.WriteStream;
  /** Gives up when nothing has changed for this long, in milliseconds. */
  readonly patienceMs: number;
}

const POLL_MS = 60;

/**
 * Shows how an image goes through the stages until nothing more will happen: in place on a terminal, as plain lines
 * elsewhere.
 *
 * @throws LadingError `pipeline-stalled` naming the stage
 */
export async function followImage(options: FollowOptions): Promise<ImageState> {
  const show = options.output.isTTY && !process.env.NO_COLOR ? inPlace(options) : lineByLine(options);
  let last = '';
  let changedAt = Date.now();
  for (;;) {
    const image = await fetchState(options);
    const now = JSON.stringify(image?.stages);
    if (now !== last) changedAt = Date.now();
    last = now;
    if (image) {
      show(image);
      if (image.settled) return image;
    }
    if (Date.now() - changedAt > options.patienceMs) {
      const stage = image?.stages.find(({ state }) => state === 'waiting' || state === 'working')?.stage ?? 'catalog';
      throw new LadingError('pipeline-stalled', `nothing has happened for a while; the image waits at "${stage}"`, {
        hint: 'the logs are in the data folder under logs/; "npm run lading -- dlq list" shows messages that failed',
      });
    }
    await wait(POLL_MS);
  }
}

async function fetchState({ api, location }: FollowOptions): Promise<ImageState | undefined> {
  const response = await fetch(`${api}/api/image?ref=${encodeURIComponent(location)}`);
  // Not yet in the catalogue: its push event is on the way.
  if (response.status === 404) return undefined;
  if (!response.ok)
    throw new LadingError('api-refused', `${api} answered ${response.status}: ${await response.text()}`);
  return imageStateSchema.parse(await response.json()).image;
}

function inPlace({ output, pushedAt }: FollowOptions): (image: ImageState) => void {
  let drawn = 0;
  return (image) => {
    const lines = progressLines(image, pushedAt, coloured);
    const rows = lines.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(visibleWidth(line) / (output.columns || 80))),
      0,
    );
    output.write(`${drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : ''}${lines.join('\n')}\n`);
    drawn = rows;
  };
}

function lineByLine({ output, pushedAt }: FollowOptions): (image: ImageState) => void {
  const said = new Set<string>();
  return (image) => {
    for (const stage of image.stages) {
      if (stage.state !== 'done' && !(image.settled && stage.state === 'not-needed')) continue;
      if (said.has(stage.stage)) continue;
      said.add(stage.stage);
      output.write(`  ${stageLine(stage, image, pushedAt, plain)}\n`);
    }
  };
}
