import { type LocalService, readBody } from '../services/service.ts';
import { facadeError } from './errors.ts';

/** STS, as far as tools ask who they are. */
export function stsService(roleArn: (name: string) => string | undefined): LocalService {
  return {
    name: 'sts',
    // "No permissions are required to perform this operation."
    authorize: () => [],
    handle: async (request) => {
      const parameters = new URLSearchParams(Buffer.from(await readBody(request.body, 64 * 1024)).toString('utf8'));
      const action = parameters.get('Action') ?? request.url.searchParams.get('Action');
      if (action !== 'GetCallerIdentity') {
        return facadeError('sts', 400, 'InvalidAction', `the local STS has no ${String(action)}`);
      }
      const { accountId, principal } = request;
      const arn = (principal === undefined ? undefined : roleArn(principal)) ?? `arn:aws:iam::${accountId}:user/local`;
      const result = `<Arn>${arn}</Arn><UserId>${principal ?? 'local'}</UserId><Account>${accountId}</Account>`;
      return {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${result}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
      };
    },
  };
}
