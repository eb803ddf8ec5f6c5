import { Logger } from '@aws-lambda-powertools/logger';

/** JSON lines with the correlation id of the push; the level comes from POWERTOOLS_LOG_LEVEL. */
export const logger: Logger = new Logger({ serviceName: 'lading' });
