import { handle } from 'hono/aws-lambda';
import { createConsole } from '../../lib/console/index.ts';
import { once } from '../_pipe/once.ts';
import { consolePorts } from './ports.ts';

const app = once(() => handle(createConsole(consolePorts())));

export const handler: ReturnType<typeof handle> = (event, context) => app()(event, context);
