import { callJson, endpointOf, regionHere } from '../../aws/json-call.ts';
import { ownCredentials, signRequest } from '../../aws/sign-request.ts';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { AwsReader, JsonService } from '../usage/read-aws.ts';

/** Signing name, host and protocol of each service (their API references, "Common parameters" and endpoints). */
const services: Readonly<
  Record<JsonService, { readonly host: string; readonly target: string; readonly version: '1.0' | '1.1' }>
> = {
  ecs: { host: 'ecs', target: 'AmazonEC2ContainerServiceV20141113', version: '1.1' },
  apprunner: { host: 'apprunner', target: 'AppRunner', version: '1.0' },
  sagemaker: { host: 'api.sagemaker', target: 'SageMaker', version: '1.1' },
};
const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

/** The services of one region, with the credentials of this process. */
export const awsReader = (region = regionHere()): AwsReader => ({
  call: (service, operation, input) => {
    const { host, target, version } = services[service];
    const endpoint = endpointOf(host, region);
    return callJson({ service, target: `${target}.${operation}`, input, region, endpoint, version });
  },
  async lambda(path) {
    const url = new URL(path, endpointOf('lambda', region));
    const credentials = ownCredentials;
    const { host: _host, ...headers } = await signRequest({
      service: 'lambda',
      region,
      url,
      method: 'GET',
      credentials,
    });
    let response: Response;
    try {
      response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      throw new LadingError('aws-unreachable', `lambda does not answer at ${url.host}`, { cause, retryable: true });
    }
    if (!response.ok) {
      throw new LadingError(`status-${response.status}`, `lambda answered ${response.status} to ${url.pathname}`, {
        retryable: response.status === 429 || response.status >= 500,
      });
    }
    return parseJsonStrict(await response.text(), { what: url.pathname, maxBytes: MAX_ANSWER_BYTES });
  },
});
