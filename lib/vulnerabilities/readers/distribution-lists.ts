import { z } from 'zod';
import { before, type JsonReader, OPEN, toAdvisory } from './claim.ts';

const photonSchema = z.object({
  cve_id: z.string().min(1),
  pkg: z.string().min(1),
  cve_score: z.coerce.number().nullish().catch(undefined),
  aff_ver: z.string().nullish(),
  res_ver: z.string().min(1),
});

/** VMware Photon OS, `cve_data_photon4.0.json`: the release stands in the fixed version's suffix, else in the file's name. */
export const photon: JsonReader = {
  name: 'Photon OS',
  matches: (document) => 'cve_id' in document && 'res_ver' in document && 'pkg' in document,
  read(document, { path, scoreOf }) {
    const { cve_id, pkg, cve_score, res_ver } = photonSchema.parse(document);
    const suffix = /\.ph(\d)\w*$/.exec(res_ver)?.[1];
    const release = /photon(\d+\.\d+)/i.exec(path)?.[1] ?? (suffix && `${suffix}.0`);
    if (release === undefined || res_ver === 'NA') return {};
    const claim = {
      ...{ record: cve_id, ids: [cve_id], ecosystem: `Photon OS:${release}`, name: pkg, scheme: 'rpm' as const },
      ...(cve_score ? { score: { value: cve_score, version: 3 } } : {}),
      events: before(res_ver),
    };
    return { advisories: [toAdvisory(claim, scoreOf)] };
  },
};

const archSchema = z.object({
  name: z.string().regex(/^AVG-\d+$/),
  packages: z.array(z.string().min(1)),
  status: z.string(),
  severity: z.string().nullish(),
  affected: z.string().min(1),
  fixed: z.string().nullish(),
  issues: z.array(z.string()),
});

/** Arch Linux's security tracker (`issues/all.json`): a group of issues, and the packages that share a version. */
export const arch: JsonReader = {
  name: 'Arch Linux',
  matches: (document) =>
    typeof document.name === 'string' && document.name.startsWith('AVG-') && 'packages' in document,
  read(document, { scoreOf }) {
    const { name: record, packages, status, severity, fixed, issues } = archSchema.parse(document);
    if (status === 'Not affected') return {};
    return {
      advisories: packages.map((name) =>
        toAdvisory(
          {
            ...{ record, ids: issues, ecosystem: 'Arch Linux', name, scheme: 'alpm' as const, words: [severity] },
            // "Testing": the fix is not yet in the repositories that images are made from.
            ...(fixed && status === 'Fixed'
              ? { events: before(fixed) }
              : { events: OPEN, fixState: 'not-fixed' as const }),
          },
          scoreOf,
        ),
      ),
    };
  },
};
