export { bunzip2, isBzip2 } from './bunzip2.ts';
