import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataFolder } from '../../../../infra/local/stack/data-folder.ts';

describe('the data folder', () => {
  let work: string;
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'lading-folder-'));
  });
  afterEach(() => rm(work, { recursive: true, force: true }));
  const resource = (physicalId: string, type = 'AWS::S3::Bucket') => ({
    stackName: 'S',
    region: 'eu-central-1',
    logicalId: physicalId,
    type,
    physicalId,
  });

  it('is held until it is released', async () => {
    const folder = await openDataFolder(join(work, 'a', 'b'));
    await expect(openDataFolder(folder.path)).rejects.toMatchObject({ code: 'folder-in-use' });
    await folder.release();
    await (await openDataFolder(folder.path)).release();
  });

  it('notes data of resources that are in the template no more', async () => {
    const first = await openDataFolder(work);
    await first.record([resource('bucket'), resource('queue', 'AWS::SQS::Queue'), resource('kept')]);
    expect(first.notes).toEqual([]);
    await first.release();
    const second = await openDataFolder(work);
    await second.record([resource('kept')]);
    expect(second.notes).toEqual(['bucket (AWS::S3::Bucket) is in the data folder and no more in the template']);
    expect(JSON.parse(await readFile(join(work, 'resources.json'), 'utf8'))).toHaveLength(1);
    await second.release();
  });

  it('says that it cannot be made, or used as it is', async () => {
    await writeFile(join(work, 'file'), 'x');
    await expect(openDataFolder(join(work, 'file', 'below'))).rejects.toMatchObject({ code: 'folder-unusable' });
    await writeFile(join(work, 'resources.json'), 'no json');
    const folder = await openDataFolder(work);
    await folder.record([]);
    await folder.release();
  });
});
