import { z } from 'zod';
import { callApi } from '../../lib/cli/api-client.ts';
import { type Clock, systemClock } from '../../lib/core/clock.ts';
import { describeError } from '../../lib/core/errors.ts';
import { createSingleFlight } from '../../lib/mirror/single-flight.ts';
import type { Recall, RecallAnswer } from './registry/recall.ts';

const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('not-archived') }),
  z.object({ kind: z.literal('restoring'), bytes: z.number(), retryAfterSeconds: z.number() }),
  z.object({ kind: z.literal('limited'), retryAfterSeconds: z.number() }),
]);

export interface ArchiveRecallOptions {
  /** Base address of Lading's API; `undefined` while it has none yet. */
  readonly api: () => string | undefined;
  /** `registry/repository` in Lading's catalogue; `undefined` for what it cannot know. */
  readonly nameOf: (repository: string) => string | undefined;
  /** Who pulls, for the audit trail. */
  readonly by: string;
  readonly onProblem: (error: unknown) => void;
  readonly clock?: Clock;
}

/** An answer is good for so long, in ms: clients ask about what is not there all the time. */
const NOT_THERE_MS = 30_000;
const RESTORING_MS = 2_000;
const LIMITED_MS = 60_000;
const MOST_REMEMBERED = 10_000;
/** The API is asked at most so often in a second; what is pulled beyond is answered as what is not there. */
const MOST_ASKED = 20;

/** Asks Lading's API to bring back what was archived. Where it does not answer, what is not there is not there. */
export function archiveRecall({ api, nameOf, by, onProblem, clock = systemClock }: ArchiveRecallOptions): Recall {
  const known = new Map<string, { readonly answer: RecallAnswer | undefined; readonly until: number }>();
  const flights = createSingleFlight<RecallAnswer | undefined>();
  let [second, asked] = [0, 0];
  const mayAsk = (now: number): boolean => {
    if (second !== Math.floor(now / 1000)) [second, asked] = [Math.floor(now / 1000), 0];
    return ++asked <= MOST_ASKED;
  };
  const ask = async (base: string, image: string): Promise<RecallAnswer | undefined> => {
    try {
      const connection = { api: base, local: undefined };
      const response = await callApi(connection, '/api/restores', { method: 'POST', body: { image, by } });
      const answer = answerSchema.parse(await response.json());
      return answer.kind === 'not-archived' ? undefined : answer;
    } catch (error) {
      onProblem(error);
      return undefined;
    }
  };
  const remember = (image: string, answer: RecallAnswer | undefined): void => {
    const ms = answer === undefined ? NOT_THERE_MS : answer.kind === 'limited' ? LIMITED_MS : RESTORING_MS;
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(image, { answer, until: clock.now().getTime() + ms });
  };
  return {
    async ask(repository, reference) {
      const [base, name] = [api(), nameOf(repository)];
      if (base === undefined || name === undefined) return undefined;
      const image = `${name}${reference.includes(':') ? '@' : ':'}${reference}`;
      const now = clock.now().getTime();
      const before = known.get(image);
      if (before && before.until > now) return before.answer;
      if (!flights.has(image) && !mayAsk(now)) return undefined;
      return flights.run(image, async () => {
        const answer = await ask(base, image);
        remember(image, answer);
        return answer;
      });
    },
  };
}

/** For the registries of the local stack, of which anybody at the machine may pull. */
export const localRecall =
  (api: () => string | undefined, onProblem: (what: string) => void) =>
  (host: string): Recall =>
    archiveRecall({
      api,
      nameOf: (repository) => `${host}/${repository}`,
      by: 'the local registry',
      onProblem: (error) => onProblem(`what is archived cannot be told: ${describeError(error)}`),
    });
