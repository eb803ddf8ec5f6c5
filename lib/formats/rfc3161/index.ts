export { checkTimestamp, type TimestampVerdict } from './check-timestamp.ts';
export { encodeTimestampRequest, type HashName } from './request.ts';
export { parseTimestampToken, type TimestampToken, tokenOf } from './token.ts';
