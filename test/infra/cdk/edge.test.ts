import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../../infra/config.ts';
import { build, type Resource, removeFolders, synthesize } from './synthesis.ts';

afterAll(removeFolders);

const base = { account: '111122223333', primaryRegion: 'eu-central-1' };
const EDGE = ['lading-manage-edge', 'lading-plan-edge', 'lading-serve-sites'];
const edgeFunctions = (resources: Readonly<Record<string, Resource>>): string[] =>
  Object.values(resources)
    .filter(({ Type, Properties }) => Type === 'AWS::Lambda::Function' && EDGE.includes(Properties.FunctionName))
    .map(({ Properties }) => Properties.FunctionName)
    .sort();

describe('edge sites', () => {
  it('have functions where they are turned on, which know the registry that sites are served from', async () => {
    expect(edgeFunctions((await synthesize(base)).resources)).toEqual([]);
    const { resources } = await synthesize({ ...base, edge: { enabled: true, stateDays: 3 } });
    expect(edgeFunctions(resources)).toEqual(EDGE);
    const plans = Object.values(resources).find(({ Properties }) => Properties?.FunctionName === 'lading-plan-edge');
    expect(JSON.parse(plans?.Properties.Environment.Variables.EDGE_CONFIG)).toEqual({
      ...{ enabled: true, stateDays: 3, registry: '111122223333.dkr.ecr.eu-central-1.amazonaws.com' },
    });
  });

  it('pass the rule packs', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { app } = await build({ ...base, edge: { enabled: true } }, { checked: true });
    app.synth();
    const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8'));
    expect(report.pluginReports.flatMap(({ violations }: { violations: unknown[] }) => violations)).toEqual([]);
    vi.restoreAllMocks();
  });

  it('are served from a registry that is known', () => {
    const refused = (edge: unknown) => {
      try {
        readConfig({ lading: { ...base, edge } });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused({ enabled: true, registry: 'unknown.example' })).toMatch(
      /edge\.registry: "unknown\.example" is not/,
    );
    expect(refused({ enabled: true, namespace: 'Not A Name' })).toMatch(/edge\.namespace/);
    expect(refused({ enabled: true })).toBe('');
  });
});
