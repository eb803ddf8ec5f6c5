import { Command } from '@commander-js/extra-typings';
export const pushCommand = () => new Command('push');
