import { Command } from '@commander-js/extra-typings';
export const advisoriesCommand = () => new Command('advisories');
