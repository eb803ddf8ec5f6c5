import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotationSchema } from '../../../../lib/registry/credentials/model.ts';
import { rotateCredentials } from '../../../../lib/registry/credentials/rotation/rotate-credentials.ts';
import { Crash, type IssuerKind, rotationWorld } from './rotation-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const config = rotationSchema.parse({
  issuer: { kind: 'harbor', admin: { secret: 'admin' }, robots: [1, 2] },
  everyDays: 30,
  overlapHours: 12,
});
const kinds: readonly IssuerKind[] = ['tokens', 'pair', 'chosen-pair'];
const started = (kind: IssuerKind) => {
  const world = rotationWorld(kind);
  const token = { username: kind === 'tokens' ? 'robot' : 'robot-a', password: 'by hand' };
  world.start(token, kind === 'tokens' ? 'hand' : 'a');
  return world;
};
const run = (world: ReturnType<typeof rotationWorld>) => rotateCredentials('lading/robot', config, world.ports);

describe.each(kinds)('rotating credentials with %s', (kind) => {
  it('stores, tries, puts in force, and only after the overlap withdraws; then rests until it is due', async () => {
    const world = started(kind);
    expect(await run(world)).toBe(true);
    expect(world.inForce()?.password).not.toBe('by hand');
    expect(world.currentWorks()).toBe(true);
    const order = world.log.filter((name) => !/read|describe|list|take|release/.test(name));
    expect(order).toEqual(['mint', 'put', 'activate', 'try', 'move AWSCURRENT', 'tell rotated', 'move AWSPENDING']);
    const first = world.inForce();
    world.clock.advance(29 * DAY);
    expect(await run(world)).toBe(false);
    expect(world.inForce()).toEqual(first);
    world.clock.advance(2 * DAY);
    await run(world);
    expect(world.inForce('AWSPREVIOUS')).toEqual(first);
    expect(world.accepted.size).toBe(kind === 'tokens' ? 3 : 2);
    world.clock.advance(11 * HOUR);
    expect(await run(world)).toBe(false);
    world.clock.advance(2 * HOUR);
    await run(world);
    expect(world.news.map((one) => one.kind)).toEqual(['rotated', 'rotated', 'withdrawn']);
    expect(world.stages.has('AWSPREVIOUS')).toBe(false);
    // What a person put there has no id by which it could be withdrawn.
    expect([...world.accepted.keys()].filter((id) => id !== 'hand')).toHaveLength(1);
    expect(world.currentWorks()).toBe(true);
  });

  it('leaves what is in force where the registry does not take the new one, withdraws that, and tries again', async () => {
    const world = started(kind);
    world.refuseNew(true);
    await expect(run(world)).rejects.toMatchObject({ code: 'rotation-refused' });
    expect(world.inForce()?.password).toBe('by hand');
    world.clock.advance(HOUR);
    world.refuseNew(false);
    for (let i = 0; i < 3; i++) {
      await run(world);
      world.clock.advance(HOUR);
    }
    expect(world.inForce()?.password).not.toBe('by hand');
    expect(world.currentWorks()).toBe(true);
    expect(world.news.map((one) => one.kind)).toEqual(['rotated']);
  });

  it('never takes away what is in force, whatever point it dies at, and comes to the same end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            call: fc.integer({ min: 1, max: 24 }),
            after: fc.boolean(),
            wait: fc.integer({ min: 0, max: 20 }),
          }),
          {
            maxLength: 12,
          },
        ),
        async (deaths) => {
          const world = started(kind);
          const attempt = async (): Promise<void> => {
            await run(world).catch((error: unknown) => {
              if (!(error instanceof Crash)) throw error;
            });
            expect(world.currentWorks()).toBe(true);
          };
          for (const { call, after, wait } of deaths) {
            world.dieAt(call, after);
            await attempt();
            world.clock.advance(wait * HOUR);
          }
          world.dieAt(undefined, false);
          // Two rotations later nothing is left of what broke off.
          for (let hours = 0; hours < 62 * 24; hours += 6) {
            await attempt();
            world.clock.advance(6 * HOUR);
          }
          const ours = [...world.accepted.keys()].filter((id) => id !== 'hand');
          expect(ours).toHaveLength(1);
          expect(world.stages.has('AWSPENDING')).toBe(false);
          const versions = world.news.filter((one) => one.kind === 'rotated').map(({ version }) => version);
          expect(new Set(versions).size).toBeGreaterThanOrEqual(2);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('never takes away what is in force when several runs meet', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const worked: boolean[] = [];
        const world = rotationWorld(kind, async () => {
          await scheduler.schedule(Promise.resolve());
          worked.push(world.currentWorks());
        });
        const token = { username: kind === 'tokens' ? 'robot' : 'robot-a', password: 'by hand' };
        world.start(token, kind === 'tokens' ? 'hand' : 'a');
        for (const wait of [0, 1, 24 * 31, 13, 1, 24 * 31]) {
          world.clock.advance(wait * HOUR);
          const runs = [1, 2, 3].map(() => run(world).catch(() => undefined));
          await scheduler.waitFor(Promise.all(runs));
        }
        expect(worked).not.toContain(false);
        expect(world.inForce()?.password).not.toBe('by hand');
        expect(world.currentWorks()).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('dies at each of its calls once, before and after, and ends with one token in force', async () => {
    const points: string[] = [];
    for (let call = 1; call <= 30; call++) {
      for (const after of [false, true]) {
        const world = started(kind);
        world.dieAt(call, after);
        const died = await run(world).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (!(died instanceof Crash)) continue;
        points.push(died.message);
        expect(world.currentWorks()).toBe(true);
        world.dieAt(undefined, false);
        for (let i = 0; i < 6; i++) {
          world.clock.advance(HOUR);
          await run(world);
          expect(world.currentWorks()).toBe(true);
        }
        expect(world.inForce()?.password).not.toBe('by hand');
        // One that broke off may be left until the next rotation, while nobody can tell which one a person put there.
        expect([...world.accepted.keys()].filter((id) => id !== 'hand').length).toBeLessThanOrEqual(2);
      }
    }
    const effects = ['mint', 'put', 'activate', 'try', 'move AWSCURRENT', 'tell rotated', 'move AWSPENDING'];
    for (const effect of effects)
      expect(points).toEqual(expect.arrayContaining([`before ${effect}`, `after ${effect}`]));
  });
});

describe('the configuration of a rotation', () => {
  const of = (more: object) =>
    rotationSchema.safeParse({ issuer: { kind: 'harbor', admin: { secret: 's' }, robots: [1, 2] }, ...more });
  it('refuses an overlap into the next rotation, and tokens that end before they are replaced', () => {
    expect(of({}).success).toBe(true);
    expect(of({ everyDays: 1, overlapHours: 24 }).success).toBe(false);
    const artifactory = { kind: 'artifactory', admin: { secret: 's' }, username: 'lading', days: 30 };
    expect(of({ issuer: artifactory }).success).toBe(false);
    expect(of({ issuer: { ...artifactory, days: 60 } }).success).toBe(true);
    expect(of({ issuer: { kind: 'harbor', admin: { secret: 's' }, robots: [1, 1] } }).success).toBe(false);
  });
});
