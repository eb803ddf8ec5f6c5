import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { scannersConfigSchema } from '../../../lib/scanners/config.ts';
import { isDue, readReportValue, requestRuns, type ScannerRun } from '../../../lib/scanners/index.ts';
import { NOW, passing, report, reported, running, setUp } from './run-support.ts';
import * as samples from './samples.ts';
import { subject } from './support.ts';

describe('a run of a scanner', () => {
  it('is one for each image, scanner and day, however often it is asked for', async () => {
    const { request, clock, ports } = setUp();
    expect(await request()).toEqual(['trivy-server']);
    expect(await request()).toEqual([]);
    expect(await request(subject.digest, 'command')).toEqual([]);
    clock.advance(24 * 3_600_000);
    expect(await request(subject.digest, 'sweep')).toEqual([]);
    expect(await request(subject.digest, 'command')).toEqual(['trivy-server']);
    expect((await ports.runs.of(locationKey(subject))).map(({ day }) => day)).toEqual(['2026-11-24', '2026-11-25']);
  });

  it('is for single images, in the repositories of its scanner, and on request where its scanner says so', async () => {
    const { ports } = setUp();
    const use = [{ kind: 'inspector', repositories: ['**/team/*'], on: 'command' }];
    const configured = scannersConfigSchema.parse({ use }).use;
    const ask = (more: object, because: 'catalogued' | 'command' = 'command') =>
      requestRuns(ports, configured, { subject: { ...subject, tags: [], ...more }, by: 'test', because });
    expect(await ask({ mediaType: 'application/vnd.oci.image.index.v1+json' })).toEqual([]);
    expect(await ask({ repository: 'other/app' })).toEqual([]);
    expect(await ask({}, 'catalogued')).toEqual([]);
    expect(await ask({})).toEqual(['inspector']);
  });

  it('goes from waiting by running to a vote, which the gate hears of', async () => {
    const { request, step, script, votes, published, advance, only } = setUp();
    await request();
    script.start = [() => running];
    expect((await step()).state).toMatchObject({ kind: 'running', handle: 'h' });
    script.look = [() => running, () => reported];
    expect((await step()).state.kind).toBe('running');
    await advance();
    expect((await only()).state).toMatchObject({ kind: 'completed', voter: 'trivy', findings: 2, outcome: 'stored' });
    expect((await votes()).map(({ voter, via }) => [voter, via])).toEqual([['trivy', 'run']]);
    expect(published.map(({ detailType }) => detailType)).toEqual(['Gate Inputs Changed', 'Scanner Run Ended']);
    const ended = await only();
    await advance();
    expect(await only()).toEqual(ended);
  });

  it.each([
    ['it says so', () => ({ kind: 'failed', code: 'scanner-failed', reason: 'why' }) as const, 'scanner-failed'],
    [
      'what it says is about another image',
      () => ({ kind: 'reported', report: report({ ArtifactName: `x@${digestOf('other')}` }) }) as const,
      'report-mismatch',
    ],
    [
      'it speaks as somebody else',
      () => ({ kind: 'reported', report: readReportValue({ ...samples.grype, source: {} }) }) as const,
      'report-mismatch',
    ],
    [
      'it can never be asked',
      () => {
        throw new LadingError('scanner-denied', 'wrong token');
      },
      'scanner-denied',
    ],
  ])('has failed where %s, and then has no vote', async (_why, look, code) => {
    const { request, step, script, votes, published } = setUp();
    await request();
    script.look = [look];
    await step();
    const { state } = await step();
    expect(state).toMatchObject({ kind: 'failed', code });
    expect(await votes()).toEqual([]);
    expect(published).toMatchObject([{ detailType: 'Scanner Run Ended', data: { state: 'failed', code } }]);
  });

  it('that makes an SBOM hands it over, has no vote, and has failed where nobody can read it', async () => {
    for (const [document, state] of [
      [Buffer.from('{}'), { kind: 'completed', packages: 2 }],
      [Buffer.alloc(0), { kind: 'failed', code: 'sbom-invalid', reason: 'it is empty' }],
    ] as const) {
      const { request, step, script, votes, published } = setUp();
      await request();
      script.look = [() => ({ kind: 'listed', document })];
      await step();
      expect((await step()).state).toMatchObject(state);
      expect(await votes()).toEqual([]);
      expect(published.map(({ detailType }) => detailType)).toEqual(['Scanner Run Ended']);
    }
  });

  it('is begun again a little later where that may help, three times, and then has failed', async () => {
    const { request, step, script, clock, asked, advance, only } = setUp();
    await request();
    script.start = [
      () => {
        throw passing;
      },
    ];
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const { state, lastProblem } = await step();
      expect([state.kind, lastProblem]).toEqual(['waiting', 'busy']);
      const until = 'notBefore' in state ? Date.parse(state.notBefore) : 0;
      waits.push(until - clock.now().getTime());
      await advance();
      clock.advance(until - clock.now().getTime());
    }
    expect(waits.map((ms) => ms / 60_000)).toEqual([4, 8, 16]);
    await advance();
    expect((await only()).state).toMatchObject({ kind: 'failed', code: 'scanner-unavailable', reason: 'busy' });
    // Each is a start of its own: a service that remembers ids must not give the one that failed.
    expect(new Set(asked).size).toBe(3);
  });

  it('is given up when its time is over, also where it cannot be looked at, and is told to stop', async () => {
    for (const look of [
      () => running,
      () => {
        throw passing;
      },
    ]) {
      const { request, step, script, clock, cancelled, votes } = setUp({ timeoutMinutes: 10 });
      await request();
      await step();
      script.look = [look];
      clock.advance(9 * 60_000);
      expect((await step()).state.kind).toBe('running');
      clock.advance(2 * 60_000);
      expect((await step()).state).toMatchObject({ kind: 'timed-out', reason: expect.stringContaining('10 minutes') });
      expect(cancelled).toEqual(['h']);
      expect(await votes()).toEqual([]);
    }
  });

  it('whose beginner was lost is begun again under the same id, and not before', async () => {
    const { request, step, script, clock, asked, ports, only } = setUp();
    await request();
    let lost = true;
    const save = ports.runs.save;
    // The function dies after the scanner was asked, before that is written down.
    Object.assign(ports.runs, {
      save: async (run: ScannerRun) => {
        if (lost && run.state.kind === 'running') throw new Error('killed');
        return save(run);
      },
    });
    await expect(step()).rejects.toThrow('killed');
    lost = false;
    expect((await step()).state.kind).toBe('starting');
    clock.advance(12 * 60_000);
    script.look = [() => reported];
    expect((await step()).state.kind).toBe('running');
    expect((await step()).state.kind).toBe('completed');
    expect(new Set(asked).size).toBe(1);
    expect(asked).toHaveLength(2);
    expect((await only()).attempts).toBe(1);
  });

  it('tells the gate of a vote that a lost step had stored', async () => {
    const { request, step, script, ports, published } = setUp();
    await request();
    await ports.votes.put(locationKey(subject), { voter: 'trivy', report: report(), via: 'run', receivedAt: NOW });
    await step();
    script.look = [() => reported];
    expect((await step()).state).toMatchObject({ kind: 'completed', outcome: 'unchanged' });
    expect(published.map(({ detailType }) => detailType)).toEqual(['Gate Inputs Changed', 'Scanner Run Ended']);
  });

  it('of a scanner that is configured no more has failed, and says why', async () => {
    const { request, step, ports } = setUp();
    await request();
    Object.assign(ports, { driver: () => undefined });
    expect((await step()).state).toMatchObject({ kind: 'failed', code: 'scanner-unknown' });
  });

  it('that came to nothing goes on when somebody asks for it, as another start', async () => {
    const { request, step, script, asked, advance, only } = setUp();
    await request();
    script.start = [() => ({ kind: 'failed', code: 'x', reason: 'y' }), () => reported];
    expect((await step()).state.kind).toBe('failed');
    expect(await request(subject.digest, 'catalogued')).toEqual([]);
    expect(await request(subject.digest, 'command')).toEqual(['trivy-server']);
    await advance();
    expect((await only()).state.kind).toBe('completed');
    expect(await request(subject.digest, 'command')).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  it('is followed by the next one some days later, while the image is there', async () => {
    for (const ends of [reported, { kind: 'failed', code: 'scanner-failed', reason: 'y' } as const]) {
      const { request, step, script, clock, ports, advance, gone, votes } = setUp({ againAfterDays: 7 });
      await request();
      script.start = [() => ends];
      await step();
      const next = async () => (await ports.runs.of(locationKey(subject))).filter(({ day }) => day !== '2026-11-24');
      expect(await next()).toMatchObject([
        { day: '2026-12-01', state: { kind: 'waiting', reason: 'again', notBefore: '2026-12-01T10:00:00.000Z' } },
      ]);
      clock.advance(6 * 24 * 3_600_000);
      expect((await next()).map((run) => isDue(run, clock.now()))).toEqual([false]);
      await advance();
      expect((await next()).map(({ state }) => state.kind)).toEqual(['waiting']);
      clock.advance(24 * 3_600_000);
      expect((await next()).map((run) => isDue(run, clock.now()))).toEqual([true]);
      script.start = [() => reported];
      await advance();
      expect((await next()).map(({ day, state }) => [day, state.kind])).toEqual([
        ['2026-12-01', 'completed'],
        ['2026-12-08', 'waiting'],
      ]);
      gone.add(subject.digest);
      clock.advance(7 * 24 * 3_600_000);
      await advance();
      expect((await next()).map(({ state }) => ('code' in state ? state.code : state.kind))).toEqual([
        'completed',
        'image-unknown',
      ]);
      expect(await votes()).toHaveLength(1);
    }
  });

  it('that is arranged for its day is brought forward by who asks on that day; on request only, none is arranged', async () => {
    const { request, step, script, clock, asked, advance } = setUp({ againAfterDays: 1 });
    await request();
    script.start = [() => reported];
    await step();
    clock.advance(15 * 3_600_000);
    await advance();
    expect(asked).toHaveLength(1);
    expect(await request(subject.digest, 'command')).toEqual(['trivy-server']);
    await advance();
    expect(asked).toHaveLength(2);
    const manual = setUp({ on: 'command' });
    await manual.request(subject.digest, 'command');
    manual.script.start = [() => reported];
    await manual.step();
    expect(await manual.ports.runs.of(locationKey(subject))).toHaveLength(1);
  });
});
