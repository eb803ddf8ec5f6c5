import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoBuildLog } from '../../lib/provenance/adapters/dynamo-provenance.ts';
import {
  fromCodeBuild,
  notePush,
  type PusherCheck,
  readCodeBuild,
  readRecordedPush,
  recordProvenance,
} from '../../lib/provenance/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { provenanceConfig, pushPorts, recordPorts } from '../_pipe/provenance-ports.ts';
import { publisher, table } from '../_pipe/wiring.ts';

const bus = once(publisher);
const builds = once(() => dynamoBuildLog(table('signatures'), () => systemClock.now()));

const BY_ITS_SESSION: PusherCheck = { answer: 'yes', reason: 'pushed by its builder: the session of the build itself' };

/** Who pushed was the session of the build itself: that is what the two were brought together by. */
async function record(build: unknown, images: readonly ImageLocation[], cause: string): Promise<void> {
  const read = readCodeBuild(build);
  if (read === undefined) return;
  const provenance = fromCodeBuild(read.detail);
  const settings = { config: provenanceConfig(), pusher: BY_ITS_SESSION };
  const drafts = await Promise.all(images.map((image) => recordProvenance(recordPorts(), image, provenance, settings)));
  await bus().publish(drafts.map((draft) => publishable(draft, { root: cause }, systemClock.now())));
}

export const handler = eventsHandler(async (event) => {
  if (event.source === 'aws.codebuild') {
    const build = readCodeBuild(event.detail);
    if (build === undefined) return logger.info('no build that succeeded');
    return record(build.detail, await builds().noteBuild(build.buildId, build.detail), event.id);
  }
  const push = readRecordedPush(event.detail);
  if (push === undefined) return logger.info('no push of an image');
  if (push.buildId === undefined) {
    const drafts = await notePush(pushPorts(), push.image, push.pusher, provenanceConfig());
    return bus().publish(drafts.map((draft) => publishable(draft, { root: event.id }, systemClock.now())));
  }
  await record(await builds().notePush(push.buildId, push.image), [push.image], event.id);
});
