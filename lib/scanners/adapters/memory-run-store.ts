import { locationKey } from '../../core/image-reference.ts';
import { isEnded, runSchema, type ScannerRun } from '../runs/model.ts';
import type { RunBudget, RunStore } from '../runs/ports.ts';

const keyOf = (run: ScannerRun): string => `${locationKey(run.subject)} ${run.scanner} ${run.day}`;
const orderOf = ({ state }: ScannerRun): string => (state.kind === 'waiting' ? `1 ${state.notBefore}` : '0');
const endOf = ({ state }: ScannerRun): string => (isEnded(state) ? state.endedAt : '');

export function memoryRunStore(): RunStore {
  const runs = new Map<string, ScannerRun>();
  const keep = (run: ScannerRun): true => {
    runs.set(keyOf(run), runSchema.parse(structuredClone(run)));
    return true;
  };
  return {
    add: async (run) => !runs.has(keyOf(run)) && keep(run),
    save: async (run) =>
      runs.get(keyOf(run))?.revision === run.revision && keep({ ...run, revision: run.revision + 1 }),
    of: async (image) => [...runs.values()].filter(({ subject }) => locationKey(subject) === image),
    open: async (scanner, limit) =>
      [...runs.values()]
        .filter((run) => run.scanner === scanner && !isEnded(run.state))
        .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
        .slice(0, limit),
    ended: async (limit) =>
      [...runs.values()]
        .filter(({ state }) => isEnded(state))
        .sort((a, b) => (endOf(a) > endOf(b) ? -1 : 1))
        .slice(0, limit),
  };
}

export function memoryRunBudget(now: () => Date): RunBudget {
  const places = new Map<string, { readonly runId: string; readonly until: Date }>();
  const used = new Map<string, number>();
  return {
    async takePlace(scanner, runId, most, until) {
      for (let place = 0; place < most; place++) {
        const held = places.get(`${scanner} ${place}`);
        if (held && held.runId !== runId && held.until > now()) continue;
        places.set(`${scanner} ${place}`, { runId, until });
        return place;
      }
      return undefined;
    },
    async freePlace(scanner, runId, place) {
      if (places.get(`${scanner} ${place}`)?.runId === runId) places.delete(`${scanner} ${place}`);
    },
    async charge(scanner, day, most) {
      const count = used.get(`${scanner} ${day}`) ?? 0;
      if (count >= most) return false;
      used.set(`${scanner} ${day}`, count + 1);
      return true;
    },
  };
}
