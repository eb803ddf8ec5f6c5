import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { NativeRules } from '../native/ports.ts';

const projectSchema = z.object({
  project_id: z.int().nonnegative(),
  metadata: z.object({ retention_id: z.string().regex(/^\d+$/).optional() }).nullish(),
});
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Tag retention of Harbor's projects (API v2.0, "/projects/{name}", "/retentions"). Harbor previews only rules that are in
 * force already, so there is no preview. The rules run once a day; whoever has another schedule keeps it.
 *
 * @param url of Harbor, https or loopback
 */
export function harborRetention(
  url: URL,
  login: { readonly user: string; readonly password: string },
  send: typeof fetch = fetch,
): NativeRules {
  if (url.protocol !== 'https:' && !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
    throw new LadingError('address-refused', `${url.origin} would get the password unencrypted`);
  }
  const authorization = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await send(new URL(`/api/v2.0${path}`, url), {
      method,
      redirect: 'error',
      headers: { authorization, 'content-type': 'application/json', 'x-is-resource-name': 'true' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new LadingError('harbor-refused', `Harbor answered ${response.status} to ${method} ${path}`);
    return text === '' ? undefined : parseJsonStrict(text, { maxBytes: MAX_ANSWER_BYTES, what: "Harbor's answer" });
  };
  const projectOf = async (name: string) =>
    projectSchema.parse(await ask('GET', `/projects/${encodeURIComponent(name)}`));
  const current = async (name: string) => {
    const { project_id: project, metadata } = await projectOf(name);
    const id = metadata?.retention_id;
    const known = id === undefined ? undefined : z.looseObject({}).parse(await ask('GET', `/retentions/${id}`));
    return { project, id, known };
  };
  return {
    async read(name) {
      const { known } = await current(name);
      // To which project it belongs, and when it runs, is no part of the rules.
      return known && { ...known, scope: { level: 'project' } };
    },
    async put(name, document) {
      const { project, id, known } = await current(name);
      const trigger = known?.['trigger'] ?? { kind: 'Schedule', settings: { cron: '0 0 0 * * *' } };
      const whole = { ...z.looseObject({}).parse(document), trigger, scope: { level: 'project', ref: project } };
      if (id === undefined) await ask('POST', '/retentions', whole);
      else await ask('PUT', `/retentions/${id}`, { ...whole, id: Number(id) });
    },
  };
}
