import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { provenanceRecorded } from '../../../lib/events/index.ts';
import { checkPusher, type PushingBuild } from '../../../lib/provenance/check-pusher.ts';
import { notePush, provenanceConfigSchema, receiveFromCi } from '../../../lib/provenance/index.ts';
import { gitHubClaims, gitLabClaims, makeIssuer, recordPorts } from './support.ts';

const github: PushingBuild = {
  kind: 'github',
  issuer: 'https://token.actions.githubusercontent.com',
  actor: 'octocat',
};
const gitlab: PushingBuild = { kind: 'gitlab', issuer: 'https://gitlab.example', actor: 'sample-user' };
const session = 'arn:aws:sts::123456789012:assumed-role/github-ci/GitHubActions';
const ecr = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

describe('who pushed and who built', () => {
  it.each<[string, string, PushingBuild, string | undefined, 'yes' | 'no' | 'unknown', string]>([
    ['the person of the job, at GHCR', 'ghcr.io', github, 'Octocat', 'yes', 'on behalf of Octocat'],
    ['another person, at GHCR', 'ghcr.io', github, 'mallory', 'no', 'built on behalf of octocat'],
    ['the bot of all repositories', 'ghcr.io', github, 'github-actions[bot]', 'unknown', 'for every repository'],
    ['nobody that is told (Quay)', 'quay.io', github, undefined, 'unknown', 'quay.io did not say who pushed'],
    ['somebody at a registry of others', 'harbor.example', github, 'octocat', 'unknown', 'nothing says whether'],
    ['the person of the job, at GitLab', 'registry.gitlab.example', gitlab, 'sample-user', 'yes', 'on behalf of'],
    ['the same, at a port of its host', 'gitlab.example:5050', gitlab, 'sample-user', 'yes', 'on behalf of'],
    ['another person, at GitLab', 'registry.gitlab.example', gitlab, 'root', 'no', 'sample-user'],
    ['a job of any project', 'registry.gitlab.example', gitlab, 'gitlab-ci-token', 'unknown', 'for every repository'],
    ['a host that only ends alike', 'evilgitlab.example', gitlab, 'sample-user', 'unknown', 'nothing says whether'],
    ['a build without a person', 'ghcr.io', { ...github, actor: undefined }, 'octocat', 'unknown', 'names nobody'],
    [
      'a GitHub of one’s own, at GHCR',
      'ghcr.io',
      { ...github, issuer: 'https://github.example' },
      'octocat',
      'unknown',
      'nothing says',
    ],
    [
      'a configured robot (Harbor)',
      'harbor.example',
      { ...github, pushers: ['robot$ci+*'] },
      'robot$ci+octo',
      'yes',
      'configured for it',
    ],
    ['another robot', 'harbor.example', { ...github, pushers: ['robot$ci+*'] }, 'admin', 'no', 'not configured'],
    [
      'a configured role (ECR)',
      ecr,
      { ...github, pushers: ['arn:aws:sts::123456789012:assumed-role/github-ci/*'] },
      session,
      'yes',
      'configured for it',
    ],
    [
      'another role',
      ecr,
      { ...github, pushers: ['arn:aws:sts::123456789012:assumed-role/other/*'] },
      session,
      'no',
      'not configured',
    ],
    [
      'whom the configuration names, over the person',
      'ghcr.io',
      { ...github, pushers: ['release-bot'] },
      'octocat',
      'no',
      'not configured',
    ],
  ])('%s', (_, registry, build, pusher, answer, reason) => {
    const check = checkPusher({ registry }, build, pusher);
    expect(check.answer).toBe(answer);
    expect(check.reason).toContain(reason);
  });
});

const config = provenanceConfigSchema.parse({
  issuers: [
    {
      name: 'github',
      kind: 'github',
      issuer: github.issuer,
      audience: 'lading.example',
      allow: [{ repositories: ['octo-org/*'], images: ['**'], pushers: ['robot$ci'] }],
    },
    {
      name: 'gitlab',
      kind: 'gitlab',
      issuer: gitlab.issuer,
      audience: 'lading.example',
      allow: [{ repositories: ['my-group/**'], images: ['**'] }],
    },
  ],
  isolatedBuilders: ['https://github.com/octo-org/**'],
});

function setUp(registry = 'harbor.example') {
  const ports = recordPorts();
  const issuer = makeIssuer();
  const image = { registry, repository: 'octo/app', digest: digestOf('app') };
  const read = ({ data }: { readonly data: unknown }) => provenanceRecorded.data.parse(data);
  return {
    image,
    build: async (claims: object = gitHubClaims()) => {
      const answer = await receiveFromCi(
        { ...ports, keys: issuer.keys, isKnown: async () => true },
        {
          token: issuer.token(claims),
          body: Buffer.from(JSON.stringify({ image: `${registry}/octo/app@${image.digest}` })),
        },
        config,
      );
      if (answer.kind !== 'recorded') throw new Error(JSON.stringify(answer));
      return read(answer.event);
    },
    push: async (pusher: string) => (await notePush(ports, image, pusher, config)).map(read),
    known: () => ports.lineage.of(image),
  };
}

describe('a push and a build that meet', () => {
  it('are compared in either order', async () => {
    const first = setUp();
    expect(await first.push('robot$ci')).toEqual([]);
    expect(await first.build()).toMatchObject({ level: 3, pushedByBuilder: 'yes' });
    const second = setUp();
    expect(await second.build()).toMatchObject({ level: 3, pushedByBuilder: 'unknown' });
    const [again, ...more] = await second.push('robot$ci');
    expect(more).toEqual([]);
    expect(again).toMatchObject({
      level: 3,
      pushedByBuilder: 'yes',
      authenticity: 'token',
      reasons: expect.arrayContaining(['pushed by its builder: robot$ci is configured for it']),
    });
    for (const one of [first, second]) expect(await one.known()).toEqual({ level: 3, pushedByBuilder: 'yes' });
  });

  it('leave level 1 where somebody else pushed, and what is known then is not taken back', async () => {
    const { build, push, known } = setUp();
    await push('mallory');
    const event = await build();
    expect(event).toMatchObject({ level: 1, pushedByBuilder: 'no' });
    expect(event.reasons).toEqual(
      expect.arrayContaining([
        'pushed by mallory, who is not configured as its builder',
        'level 1: who pushed it is not who says to have built it',
      ]),
    );
    // The same bytes pushed again, by whomever, change nothing of who brought them.
    expect(await push('robot$ci')).toMatchObject([{ level: 1, pushedByBuilder: 'no' }]);
    expect(await known()).toEqual({ level: 1, pushedByBuilder: 'no' });
  });

  it('are the same however often they are told', async () => {
    const { build, push } = setUp();
    const told = await build();
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(...(await push('robot$ci')), await build());
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(answers[0]).not.toEqual(told);
  });

  it('are the person of the job, at GitLab’s own registry', async () => {
    const { build, push } = setUp('registry.gitlab.example');
    await push('sample-user');
    expect(await build(gitLabClaims())).toMatchObject({ pushedByBuilder: 'yes' });
    expect(await build(gitLabClaims({ user_login: 'root' }))).toMatchObject({ pushedByBuilder: 'no', level: 1 });
  });

  it('leave it unknown, with the reason, where the registry does not tell', async () => {
    const { build } = setUp('quay.io');
    const event = await build();
    expect(event).toMatchObject({ level: 3, pushedByBuilder: 'unknown' });
    expect(event.reasons).toContain('pusher unknown: quay.io did not say who pushed');
  });
});
