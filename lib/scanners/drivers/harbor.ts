import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { ImageSubject } from '../../events/index.ts';
import type { ScannerConfig } from '../config.ts';
import type { CallApi } from '../ports.ts';
import { readReportValue } from '../read-report.ts';
import type { ScannerDriver } from '../runs/ports.ts';
import { readAnswer, refused } from './answers.ts';

type Harbor = Extract<ScannerConfig, { readonly kind: 'harbor' }>;

export interface HarborPorts {
  readonly call: CallApi;
  /** JSON with `username` and `password`. */
  readonly credentials: () => Promise<string>;
}

/** Which reports we read, the newer first; Harbor shows no state of a scan to who does not say so. */
const REPORTS =
  'application/vnd.security.vulnerability.report; version=1.1, application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0';

const login = z.object({ username: z.string().min(1).max(500), password: z.string().min(1).max(5000) });
const artifact = z.object({
  scan_overview: z
    .record(z.string(), z.object({ scan_status: z.string().max(100), complete_percent: z.number().nullish() }))
    .nullish(),
});

/** Harbor's own scanner, whichever it is, by Harbor's API 2.0 (`scanArtifact`, `getArtifact`, `getVulnerabilitiesAddition`). */
export function harborDriver(config: Harbor, { call, credentials }: HarborPorts): ScannerDriver {
  const ask = async (method: 'GET' | 'POST', subject: ImageSubject, rest: string) => {
    const { username, password } = loginOf(await credentials());
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return call({
      ...{ method, url: new URL(`${artifactPath(subject)}${rest}`, config.url ?? `https://${config.registry}`) },
      headers: { authorization, 'x-accept-vulnerabilities': REPORTS },
      ...{ allowPrivate: config.allowPrivate, allowInsecure: config.allowInsecure },
    });
  };
  return {
    async start({ subject }) {
      if (subject.registry !== config.registry) {
        const reason = `${subject.registry} is not the Harbor that is configured, ${config.registry}`;
        return { kind: 'failed', code: 'image-elsewhere', reason };
      }
      const answer = await ask('POST', subject, '/scan');
      // 409: it is being scanned already, which is as good.
      if (answer.status === 202 || answer.status === 409) return { kind: 'running', handle: subject.digest };
      throw refused("Harbor's scan", answer);
    },
    async look({ subject }, handle) {
      const shown = await ask('GET', subject, '?with_scan_overview=true');
      if (shown.status !== 200) throw refused("Harbor's artifact", shown);
      const { scan_overview: overview } = readAnswer(artifact, shown.json, "Harbor's artifact");
      const [status] = Object.values(overview ?? {}).map(({ scan_status: one }) => one);
      if (status === 'Error' || status === 'Stopped') {
        return { kind: 'failed', code: 'scanner-failed', reason: `Harbor says of its scan: ${status}` };
      }
      if (status !== 'Success') return { kind: 'running', handle };
      const answer = await ask('GET', subject, '/additions/vulnerabilities');
      if (answer.status !== 200) throw refused("Harbor's report", answer);
      return { kind: 'reported', report: readReportValue(answer.json, "Harbor's report") };
    },
  };
}

/** The first part of a repository is the project; slashes of the rest are encoded twice (API 2.0, "repository_name"). */
function artifactPath({ repository, digest }: ImageSubject): string {
  const slash = repository.indexOf('/');
  if (slash < 0) throw new LadingError('reference-invalid', `"${repository}" is in no project of Harbor`);
  const [project, name] = [repository.slice(0, slash), repository.slice(slash + 1)];
  const twice = encodeURIComponent(encodeURIComponent(name));
  return `/api/v2.0/projects/${encodeURIComponent(project)}/repositories/${twice}/artifacts/${encodeURIComponent(digest)}`;
}

function loginOf(text: string): z.infer<typeof login> {
  const parsed = text.trimStart().startsWith('{')
    ? login.safeParse(parseJsonStrict(text, { maxBytes: 16_384, what: "the secret of Harbor's robot" })).data
    : undefined;
  if (parsed) return parsed;
  throw new LadingError('credentials-invalid', "the secret of Harbor's robot is no JSON of username and password");
}
