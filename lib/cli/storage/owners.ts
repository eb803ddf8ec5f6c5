import { Option } from '@commander-js/extra-typings';
import { LadingError } from '../../core/errors.ts';

export const ownerKinds = ['repository', 'image', 'registry', 'account', 'team', 'label'] as const;

/** The options that say by whom storage and costs are counted. */
export const byOption = () =>
  new Option('--by <whom>', 'by whom it is counted; a label is named with --label').choices(ownerKinds);
export const labelOption = () => new Option('--label <name>', 'by the value of a label of the images');

/** @throws LadingError `options-conflict` */
export function ownerQuery(options: {
  readonly by?: (typeof ownerKinds)[number] | undefined;
  readonly label?: string | undefined;
}): URLSearchParams {
  const by = options.by ?? (options.label === undefined ? 'repository' : 'label');
  if ((by === 'label') !== (options.label !== undefined)) {
    throw new LadingError('options-conflict', '--label goes with --by label, or alone');
  }
  return new URLSearchParams({ by, ...(options.label === undefined ? {} : { label: options.label }) });
}
