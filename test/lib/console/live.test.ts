import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { indexEntry, memoryConsole } from './support.ts';

interface Sent {
  readonly event: string;
  readonly id: string;
  readonly data: { readonly id?: string; readonly html?: string; readonly without?: readonly string[] };
}

/** Reads an event stream as a browser does (HTML standard, section 9.2.6). */
function readStream(text: string): { readonly retry: number | undefined; readonly sent: readonly Sent[] } {
  let retry: number | undefined;
  const sent: Sent[] = [];
  expect(text.endsWith('\n\n')).toBe(true);
  for (const block of text.split('\n\n').filter(Boolean)) {
    const fields = new Map(
      block.split('\n').map((line) => {
        const colon = line.indexOf(': ');
        expect(colon).toBeGreaterThan(0);
        return [line.slice(0, colon), line.slice(colon + 2)];
      }),
    );
    if (fields.has('retry')) retry = Number(fields.get('retry'));
    const data = fields.get('data');
    if (data !== undefined)
      sent.push({ event: fields.get('event') ?? '', id: fields.get('id') ?? '', data: JSON.parse(data) });
  }
  return { retry, sent };
}

async function ask(ports: Parameters<typeof createConsole>[0], after: number | string, lastEventId?: string) {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const answer = await createConsole(ports).request(`/live?after=${after}`, { headers });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  return readStream(await answer.text());
}

describe('/live', () => {
  it('sends the row of each image that changed and the lines of the feed, with the number of the last event', async () => {
    const { ports, put, events } = memoryConsole();
    await put({ repository: 'team/app', tags: ['v1'] });
    await put({ repository: 'team/other', tags: ['v1'], stopsAt: { stage: 'sbom', attempts: 1 } });
    const { retry, sent } = await ask(ports, 0);
    expect(retry).toBe(1_000);
    expect(sent.map(({ event }) => event)).toEqual(['image', 'image', 'activity']);
    expect(new Set(sent.map(({ id }) => id))).toEqual(new Set([String(events.at(-1)?.seq)]));
    expect(sent[0]?.data.html).toContain(`id="${sent[0]?.data.id}"`);
    expect(sent[2]?.data.html?.match(/<li /g)).toHaveLength(events.length);
  });

  it('goes on after what the browser saw last, whatever the address says', async () => {
    const { ports, put, tell, events } = memoryConsole();
    await put({ repository: 'team/app', tags: ['v1'] });
    const seen = events.length;
    tell('Advisories Updated', undefined);
    const { sent } = await ask(ports, 0, String(seen));
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ event: 'activity', id: String(seen + 1) });
    expect(sent[0]?.data.html).toContain('Advisories Updated');
  });

  it('ends at once where there is nothing new', async () => {
    const { ports, put, events } = memoryConsole();
    await put({ repository: 'team/app', tags: ['v1'] });
    expect(await ask(ports, events.length)).toEqual({ retry: 1_000, sent: [] });
  });

  it('sends a long history in pieces, each going on where the last ended', async () => {
    const { ports, tell } = memoryConsole();
    for (let i = 0; i < 120; i++) tell(`Event ${i}`, undefined);
    const first = await ask(ports, 0);
    const second = await ask(ports, 0, first.sent.at(-1)?.id);
    const third = await ask(ports, 0, second.sent.at(-1)?.id);
    expect([first, second, third].map(({ sent }) => sent.at(-1)?.id)).toEqual(['50', '100', '120']);
  });

  it('shows an image of an index by the index, which takes the place of its rows', async () => {
    const { ports, put, tell } = memoryConsole();
    const amd64 = await put({ repository: 'web/app', seed: 'amd64' });
    const before = await ask(ports, 0);
    expect(before.sent[0]?.data).toMatchObject({ without: [] });
    await put({ repository: 'web/app', tags: ['1'], entry: indexEntry([amd64]) });
    const head = await ports.activity.head();
    tell('Findings Changed', `${amd64.registry}/${amd64.repository}@${amd64.digest}`);
    const after = await ask(ports, head);
    expect(after.sent[0]?.data.id).not.toBe(before.sent[0]?.data.id);
    expect(after.sent[0]?.data.without).toEqual([before.sent[0]?.data.id]);
  });

  it('passes over signatures, replicas, deleted images and what the catalogue does not know', async () => {
    const { ports, put, tell, catalog, clock } = memoryConsole();
    const image = await put({ repository: 'team/app', tags: ['v1'] });
    const head = await ports.activity.head();
    await put({ repository: 'team/app', seed: 's', entry: { artifactClass: 'signature', referrerOf: image.digest } });
    await put({ repository: 'copy/app', seed: 'r', entry: { replicaOf: image.registry } });
    const gone = await put({ repository: 'old/app', seed: 'd' });
    await catalog.markDeleted(gone, clock.now().toISOString());
    tell('Image Pushed', `elsewhere.example/a@${image.digest}`);
    tell('Retention Planned', 'not a location');
    const { sent } = await ask(ports, head);
    expect(sent.map(({ event }) => event)).toEqual(['activity']);
  });

  it.each(['-1', 'x', '1e9', '99999999999999999999', ''])('takes the number "%s" for the beginning', async (text) => {
    const { ports, tell } = memoryConsole();
    tell('Advisories Updated', undefined);
    expect((await ask(ports, text)).sent).toHaveLength(1);
  });

  it('tells a browser that followed another trail to begin anew', async () => {
    const { ports, tell } = memoryConsole();
    tell('Advisories Updated', undefined);
    const { sent } = await ask(ports, 500);
    expect(sent).toMatchObject([{ event: 'restart', id: '1' }]);
  });
});
