export { type OvalClaim, readOval } from './read-oval.ts';
