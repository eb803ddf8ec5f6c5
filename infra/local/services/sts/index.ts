import { randomUUID } from 'node:crypto';
import { writeXml, type XmlNode } from '../s3/xml.ts';
import { type LocalService, readBody, type ServiceRequest, type ServiceResponse } from '../service.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Who calls, as an ARN: a function is a session of its role, the developer a user. */
const callerArn = ({ accountId, principal }: Pick<ServiceRequest, 'accountId' | 'principal'>): string =>
  principal === undefined
    ? `arn:aws:iam::${accountId}:user/developer`
    : `arn:aws:sts::${accountId}:assumed-role/${principal}/local`;

/** STS, as far as a handler asks who it is. The AWS Query protocol: a form in, XML out. Needs no permission. */
export function createStsService(): LocalService {
  return {
    name: 'sts',
    authorize: () => [],
    handle: async (request) => {
      const form = new URLSearchParams(Buffer.from(await readBody(request.body, 64 * 1024)).toString());
      const action = form.get('Action') ?? request.url.searchParams.get('Action') ?? '';
      if (action !== 'GetCallerIdentity') {
        return xml(400, 'ErrorResponse', [
          [
            'Error',
            [
              ['Type', 'Sender'],
              ['Code', 'InvalidAction'],
              ['Message', `The local STS does not answer "${action.slice(0, 80)}".`],
            ],
          ],
          ['RequestId', randomUUID()],
        ]);
      }
      return xml(200, 'GetCallerIdentityResponse', [
        [
          'GetCallerIdentityResult',
          [
            ['Arn', callerArn(request)],
            ['UserId', request.principal === undefined ? 'developer' : `${request.principal}:local`],
            ['Account', request.accountId],
          ],
        ],
        ['ResponseMetadata', [['RequestId', randomUUID()]]],
      ]);
    },
  };
}

const xml = (status: number, root: string, content: readonly XmlNode[]): ServiceResponse => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: writeXml(root, content, NAMESPACE),
});
