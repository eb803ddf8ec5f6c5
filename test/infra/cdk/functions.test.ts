import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionDeclarations } from '../../../infra/functions.ts';
import { notifiableEvents } from '../../../lib/notifications/config.ts';

const folders = readdirSync(join(import.meta.dirname, '../../../functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
  .map(({ name }) => name)
  .sort();

describe('the list of functions', () => {
  it('has one that hears of every event that people can ask to be told of, and of no other', () => {
    const notify = functionDeclarations.find(({ name }) => name === 'notify');
    expect(notify?.trigger).toMatchObject({ pattern: { 'detail-type': [...notifiableEvents] } });
  });

  it('is that of the folders', () => {
    expect(functionDeclarations.map(({ name }) => name).sort()).toEqual(folders);
  });

  it.each(functionDeclarations)(
    '$name stays within what Lambda and SQS take',
    ({ memoryMb, timeoutSeconds, trigger }) => {
      expect(memoryMb).toBeGreaterThanOrEqual(128);
      expect(memoryMb).toBeLessThanOrEqual(10_240);
      // API Gateway gives up after 30 seconds, Lambda after 15 minutes.
      expect(timeoutSeconds).toBeLessThanOrEqual(trigger.kind === 'http' ? 29 : 900);
      // More than 10 messages need a window, and none is declared.
      if (trigger.kind === 'events')
        expect(trigger.batchSize).toBeLessThanOrEqual(trigger.batchWindowSeconds ? 10_000 : 10);
    },
  );
});
