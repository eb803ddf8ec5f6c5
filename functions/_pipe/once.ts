/** A warm function starts from what was made once. */
export { once } from '../../lib/core/once.ts';
