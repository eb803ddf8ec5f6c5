import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { availabilityConfigSchema, pullRoutes, reportHealth, resolveImage } from '../../lib/availability/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { isLadingError, LadingError } from '../../lib/core/errors.ts';
import { parseImageReference } from '../../lib/core/image-reference.ts';
import { replicationConfigSchema } from '../../lib/replication/index.ts';
import { jsonAnswer } from '../_pipe/json-answer.ts';
import { once } from '../_pipe/once.ts';
import { registriesConfig } from '../_pipe/registries.ts';
import { resolverPorts } from '../_pipe/resolver.ts';
import { setting } from '../_pipe/wiring.ts';

const config = once(() => setting('availability', availabilityConfigSchema));

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(async (event) => {
  const { ref = '', near } = event.queryStringParameters ?? {};
  try {
    if (event.rawPath.endsWith('/api/registries')) return jsonAnswer(200, await registriesNow());
    return jsonAnswer(200, await resolve(ref, near));
  } catch (error) {
    if (!isLadingError(error)) throw error;
    const { code, message, hint } = error;
    return jsonAnswer(400, { title: code, detail: message, ...(hint === undefined ? {} : { hint }) });
  }
});

async function registriesNow() {
  const { entries } = registriesConfig();
  const hosts = entries.map(({ host }) => host);
  return {
    registries: await reportHealth(resolverPorts().health, hosts, systemClock.now()),
    locations: config().locations,
    routes: pullRoutes(setting('replication', replicationConfigSchema), entries),
  };
}

function resolve(ref: string, near: string | undefined) {
  const { locations } = config();
  if (near !== undefined && !locations.some(({ name }) => name === near)) {
    throw new LadingError('location-unknown', `there is no location "${near}"`, {
      hint:
        locations.length > 0
          ? `there are ${locations.map(({ name }) => name).join(', ')}`
          : 'the setting availability.locations names none',
    });
  }
  return resolveImage(
    resolverPorts(),
    { ...parseImageReference(ref), ...(near === undefined ? {} : { near }) },
    config(),
  );
}
