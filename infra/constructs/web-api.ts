import {
  type HttpRoute as ApiRoute,
  CfnStage,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { HttpRoute } from '../../functions/_pipe/function.ts';
import { unreachable } from '../../lib/core/errors.ts';
import { type AlarmTarget, alarmOnServerErrors } from './alarms.ts';
import type { FunctionDefaults } from './lading-function.ts';
import { pascalCase } from './names.ts';

export interface WebApiProps {
  readonly defaults: FunctionDefaults;
  /** Requests per second that the API takes in the long run, and at once. */
  readonly rateLimit: number;
  readonly burstLimit: number;
}

export interface WebApiRoutes {
  readonly name: string;
  readonly handler: IFunction;
  readonly routes: readonly HttpRoute[];
}

const methods: Readonly<Record<HttpRoute['method'], HttpMethod>> = {
  GET: HttpMethod.GET,
  POST: HttpMethod.POST,
  OPTIONS: HttpMethod.OPTIONS,
  ANY: HttpMethod.ANY,
};

/** One JSON line per request; the caller is named, and neither query nor headers, which may hold secrets, are. */
const accessLogFormat = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTime',
  method: '$context.httpMethod',
  route: '$context.routeKey',
  path: '$context.path',
  status: '$context.status',
  caller: '$context.identity.caller',
  sourceIp: '$context.identity.sourceIp',
  latencyMs: '$context.responseLatency',
  error: '$context.error.message',
  integrationError: '$context.integrationErrorMessage',
});

/** The HTTP API of all functions that have routes: throttled, logged, and closed but for callers who prove who they are. */
export class WebApi extends Construct {
  readonly api: HttpApi;
  readonly stage: CfnStage;
  /** `https://…`, without a slash at the end. */
  readonly url: string;
  /** Routes that API Gateway lets anyone through to, because their function checks the caller. */
  readonly signedRoutes: ApiRoute[] = [];

  constructor(scope: Construct, id: string, props: WebApiProps) {
    super(scope, id);
    const { defaults } = props;
    const logs = new LogGroup(this, 'AccessLogs', {
      // Below this prefix the log service needs no policy entry per group (API Gateway guide, "HTTP API logging").
      logGroupName: `/aws/vendedlogs/${defaults.prefix}-api`,
      retention: defaults.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api = new HttpApi(this, 'Api', { apiName: defaults.prefix, createDefaultStage: false });
    this.stage = new CfnStage(this, 'Stage', {
      apiId: this.api.apiId,
      stageName: '$default',
      autoDeploy: true,
      defaultRouteSettings: { throttlingRateLimit: props.rateLimit, throttlingBurstLimit: props.burstLimit },
      accessLogSettings: { destinationArn: logs.logGroupArn, format: accessLogFormat },
    });
    this.url = this.api.apiEndpoint;
    const target: AlarmTarget = {
      subject: 'api',
      prefix: defaults.prefix,
      ...(defaults.alarmAction ? { action: defaults.alarmAction } : {}),
    };
    const period = Duration.minutes(5);
    alarmOnServerErrors(this, this.api.metricServerError({ period, statistic: Stats.SUM }), target);
  }

  addRoutes({ name, handler, routes }: WebApiRoutes): void {
    const integration = new HttpLambdaIntegration(pascalCase(name), handler);
    for (const route of routes) {
      const added = this.api.addRoutes({
        path: route.path,
        methods: [methods[route.method]],
        integration,
        authorizer: authorizerOf(route.auth),
      });
      if (route.auth === 'signed') this.signedRoutes.push(...added);
    }
  }
}

function authorizerOf(auth: HttpRoute['auth']): IHttpRouteAuthorizer {
  switch (auth) {
    case 'iam':
      return new HttpIamAuthorizer();
    // Registries cannot sign for IAM: the function checks a signature over the raw body before it does anything else.
    case 'signed':
      return new HttpNoneAuthorizer();
    default:
      return unreachable(auth);
  }
}
