import type { Clock } from '../../core/clock.ts';
import type { EdgeSite } from '../model.ts';
import type { DesiredRecord, DesiredStore, ReportRecord, ReportStore, SiteStore, TokenLog } from '../ports.ts';

/** For tests, and for what has no table. */
export function memoryEdge(clock: Clock): SiteStore & DesiredStore & ReportStore & TokenLog {
  const sites = new Map<string, string>();
  const desired = new Map<string, DesiredRecord>();
  const reports = new Map<string, ReportRecord>();
  const tokens = new Map<string, number>();
  return {
    async find(name) {
      const text = sites.get(name);
      return text === undefined ? undefined : (JSON.parse(text) as EdgeSite);
    },
    all: async () => [...sites.values()].map((text) => JSON.parse(text) as EdgeSite),
    async swap(before, after) {
      if (sites.get(after.name) !== (before && JSON.stringify(before))) return false;
      sites.set(after.name, JSON.stringify(after));
      return true;
    },
    current: async (site) => desired.get(site),
    async advance(site, record) {
      if ((desired.get(site)?.generation ?? 0) !== record.generation - 1) return false;
      desired.set(site, record);
      return true;
    },
    async markPublished(site, generation) {
      const record = desired.get(site);
      if (record?.generation === generation) desired.set(site, { ...record, published: true });
    },
    last: async (site) => reports.get(site),
    async accept(site, record) {
      if ((reports.get(site)?.sequence ?? 0) >= record.sequence) return false;
      reports.set(site, record);
      return true;
    },
    async use(site, id, until) {
      const key = `${site} ${id}`;
      if ((tokens.get(key) ?? 0) > clock.now().getTime()) return false;
      tokens.set(key, until.getTime());
      return true;
    },
  };
}
