import { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';
import type { ApiBackend, CorsDefinition } from '../backends.ts';
import { at } from '../model.ts';
import { physicalId } from '../physical-names.ts';
import type { ResourceHandler } from '../provision.ts';
import { flag, integer, withoutBackend } from './common.ts';

const cors = z
  .object({
    AllowOrigins: z.array(z.string()).optional(),
    AllowMethods: z.array(z.string()).optional(),
    AllowHeaders: z.array(z.string()).optional(),
    ExposeHeaders: z.array(z.string()).optional(),
    MaxAge: integer.optional(),
    AllowCredentials: flag.optional(),
  })
  .optional();

const corsOf = (of: z.infer<typeof cors>): CorsDefinition | undefined =>
  of === undefined
    ? undefined
    : {
        origins: of.AllowOrigins ?? [],
        methods: of.AllowMethods ?? [],
        headers: of.AllowHeaders ?? [],
        exposeHeaders: of.ExposeHeaders ?? [],
        maxAgeSeconds: of.MaxAge,
        credentials: of.AllowCredentials ?? false,
      };

const api = z.object({ Name: z.string().optional(), ProtocolType: z.string().optional(), CorsConfiguration: cors });
const integration = z.object({
  ApiId: z.string(),
  IntegrationType: z.string(),
  IntegrationUri: z.string().optional(),
  PayloadFormatVersion: z.string().optional(),
});
const route = z.object({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string().optional(),
  AuthorizationType: z.enum(['NONE', 'AWS_IAM', 'JWT', 'CUSTOM']).optional(),
});
const url = z.object({
  TargetFunctionArn: z.string(),
  AuthType: z.enum(['NONE', 'AWS_IAM']),
  Cors: cors,
});

/** AWS::ApiGatewayV2::Api, Integration, Route and AWS::Lambda::Url over one backend. */
export function apiHandlers(backend: ApiBackend | undefined): ReadonlyMap<string, ResourceHandler> {
  const integrations = new Map<string, string>();
  return new Map<string, ResourceHandler>([
    ['AWS::ApiGatewayV2::Api', apiHandler(backend)],
    ['AWS::ApiGatewayV2::Integration', integrationHandler(integrations)],
    ['AWS::ApiGatewayV2::Route', routeHandler(backend, integrations)],
    ['AWS::Lambda::Url', urlHandler(backend)],
  ]);
}

function apiHandler(backend: ApiBackend | undefined): ResourceHandler {
  return async (request) => {
    const properties = request.parse(api);
    const { region, accountId } = request.stack;
    const apiId = physicalId(request.identity);
    const result = { ref: apiId, attributes: { ApiId: apiId, ApiEndpoint: `https://${apiId}.invalid` } };
    if (backend === undefined) return withoutBackend(result, 'an HTTP API');
    if ((properties.ProtocolType ?? 'HTTP') !== 'HTTP') return { ...result, skipped: 'only HTTP APIs are served here' };
    const { endpoint } = await backend.createApi({
      apiId,
      region,
      accountId,
      name: properties.Name ?? request.logicalId,
      cors: corsOf(properties.CorsConfiguration),
    });
    return { ref: apiId, attributes: { ApiId: apiId, ApiEndpoint: endpoint } };
  };
}

function integrationHandler(integrations: Map<string, string>): ResourceHandler {
  return (request) => {
    const { ApiId, IntegrationType, IntegrationUri, PayloadFormatVersion } = request.parse(integration);
    const id = physicalId(request.identity).slice(0, 7);
    if (IntegrationType !== 'AWS_PROXY' || IntegrationUri === undefined) {
      return { ref: id, skipped: `the integration type ${IntegrationType} is not served here` };
    }
    if ((PayloadFormatVersion ?? '2.0') !== '2.0') {
      throw new LadingError(
        'template-invalid',
        `${at(request.stack.stackName, request.logicalId)}: only the payload format 2.0 is served here`,
      );
    }
    // A function's ARN stands plain, or inside `…:lambda:path/2015-03-31/functions/<arn>/invocations`.
    const [functionArn] = /arn:aws:lambda:[^:]+:[^:]+:function:[A-Za-z0-9_-]+/.exec(IntegrationUri) ?? [];
    if (functionArn !== undefined) integrations.set(`${ApiId}/${id}`, functionArn);
    return { ref: id, attributes: { IntegrationId: id } };
  };
}

function routeHandler(backend: ApiBackend | undefined, integrations: ReadonlyMap<string, string>): ResourceHandler {
  return (request) => {
    const { ApiId: apiId, RouteKey: routeKey, Target, AuthorizationType } = request.parse(route);
    const result = { ref: physicalId(request.identity).slice(0, 7) };
    if (backend === undefined) return withoutBackend(result, 'an HTTP API');
    const functionArn = integrations.get(`${apiId}/${(Target ?? '').replace('integrations/', '')}`);
    if (functionArn === undefined) return { ...result, skipped: 'its integration is not a function' };
    backend.addRoute({ apiId, routeKey, functionArn, authorization: AuthorizationType ?? 'NONE' });
    return result;
  };
}

function urlHandler(backend: ApiBackend | undefined): ResourceHandler {
  return async (request) => {
    const properties = request.parse(url);
    const { region, accountId } = request.stack;
    const urlId = physicalId(request.identity);
    const { TargetFunctionArn: functionArn } = properties;
    const absent = {
      ref: functionArn,
      attributes: { FunctionArn: functionArn, FunctionUrl: `https://${urlId}.invalid/` },
    };
    if (backend === undefined) return withoutBackend(absent, 'function URLs');
    const { endpoint } = await backend.createFunctionUrl({
      urlId,
      functionArn,
      region,
      accountId,
      authorization: properties.AuthType,
      cors: corsOf(properties.Cors),
    });
    return { ref: functionArn, attributes: { FunctionArn: functionArn, FunctionUrl: `${endpoint}/` } };
  };
}
