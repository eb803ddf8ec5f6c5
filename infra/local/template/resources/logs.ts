import { z } from 'zod';
import type { ResourceHandler } from '../provision.ts';
import { arnOf, nameOf } from './common.ts';

const logGroup = z.object({ LogGroupName: z.string().optional() });

/** AWS::Logs::LogGroup: a name that policies speak of; what is logged goes to files. */
export const logGroupHandler: ResourceHandler = (request) => {
  const name = nameOf(request, request.parse(logGroup).LogGroupName, { maxLength: 512 });
  return {
    ref: name,
    attributes: { Arn: arnOf(request, 'logs', `log-group:${name}:*`) },
    skipped: 'logs go to files of the data folder',
  };
};
