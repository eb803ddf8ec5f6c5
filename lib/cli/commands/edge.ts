import { Argument, Command } from '@commander-js/extra-typings';
import { isLadingError, LadingError } from '../../core/errors.ts';
import { addDeadline, addWindow, bytesOf, costOf } from '../edge/parse-options.ts';
import { exportBundleCommand, importBundleCommand } from './edge-bundle.ts';
import { leaseCommand, leasesCommand } from './edge-lease.ts';
import { apiOption, collect, dataOption, outputOption } from './options.ts';

const load = async () => await import('../edge/run-edge.ts');

/** A stack without sites has none of these pages. */
async function asked(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isLadingError(error, 'page-unknown')) throw error;
    throw new LadingError('edge-off', 'this stack serves no edge sites', {
      cause: error,
      hint: 'set "edge": { "enabled": true } in its configuration (cdk.json), and deploy or start it again',
    });
  }
}
const siteArgument = () => new Argument('<site>', 'name of the site');

export const edgeCommand = () =>
  new Command('edge')
    .description('sites far away: what each should hold and does hold')
    .addCommand(keygenCommand())
    .addCommand(sitesCommand())
    .addCommand(planCommand())
    .addCommand(explainCommand())
    .addCommand(statusCommand())
    .addCommand(stateCommand())
    .addCommand(acknowledgeCommand())
    .addCommand(replanCommand())
    .addCommand(exportBundleCommand())
    .addCommand(importBundleCommand())
    .addCommand(leaseCommand())
    .addCommand(leasesCommand());

const keygenCommand = () =>
  new Command('keygen')
    .description('make the key of a site, at the site')
    .option('--out <name>', 'NAME.key and NAME.pub are written', 'site')
    .action(async (options) => (await load()).runKeygen(options));

const sitesCommand = () =>
  new Command('sites')
    .description('register, revise and revoke sites')
    .addCommand(addCommand())
    .addCommand(setCommand())
    .addCommand(revokeCommand());

const described = (name: string) =>
  new Command(name)
    .addArgument(siteArgument())
    .option('--key <file>', 'the public half of its key (PEM)')
    .option('--budget <size>', 'disk for images: 50GiB', bytesOf)
    .option('--bandwidth <size>', 'of its link, a second: 2MiB', bytesOf)
    .option('--cost-per-gib <money>', 'of its link', costOf)
    .option('--window <time>', 'when the link is up, UTC: "22:00-06:00", "sat,sun 10:00-12:00" (repeatable)', addWindow)
    .option('--offline', 'it has no link: states and images are carried there')
    .option('--repository <glob>', 'what it may get (repeatable; default: all)', collect)
    .option('--except <glob>', 'what it may not (repeatable)', collect)
    .option(
      '--pin <image>',
      'must be there: REPOSITORY, REPOSITORY:TAG (globs), REPOSITORY@DIGEST (repeatable)',
      collect,
    )
    .option('--ban <image>', 'must never be there (repeatable)', collect)
    .option('--deadline <image=time>', 'should be there by then (repeatable)', addDeadline)
    .addOption(apiOption())
    .addOption(dataOption());

const addCommand = () =>
  described('add')
    .description('register a site by the public half of its key')
    .action(async (site, options) => asked((await load()).runAdd(site, options)));

const setCommand = () =>
  described('set')
    .description('revise a site; a list that is given takes the place of the one before')
    .option('--online', 'it has a link (again)')
    .action(async (site, options) => asked((await load()).runSet(site, options)));

const revokeCommand = () =>
  new Command('revoke')
    .description('no longer know a site, for good')
    .addArgument(siteArgument())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (site, options) => asked((await load()).runRevoke(site, options)));

const planCommand = () =>
  new Command('plan')
    .description('what the site should hold by what is known now, and what is left out; nothing is signed')
    .addArgument(siteArgument())
    .option('--fail', 'exit with 1 where a pin does not fit, a deadline cannot be kept …')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (site, options) => asked((await load()).runPlan(site, options)));

const explainCommand = () =>
  new Command('explain')
    .description('why an image should be at a site, or should not: each term of its score')
    .addArgument(siteArgument())
    .addArgument(new Argument('<image>', 'REPOSITORY, REPOSITORY:TAG or a digest'))
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (site, image, options) => asked((await load()).runExplain(site, image, options)));

const statusCommand = () =>
  new Command('status')
    .description('what each site was last told and last told us, and when it was last proven equal')
    .addArgument(new Argument('[site]', 'only this one').argOptional())
    .option('--fail', 'exit with 1 where a site does not hold what it should')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (site, options) => asked((await load()).runStatus(site, options)));

const stateCommand = () =>
  new Command('state')
    .description('write the signed state of a site to a file, to be carried there')
    .addArgument(siteArgument())
    .requiredOption('--out <file>', 'where to')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (site, options) => asked((await load()).runState(site, options)));

const acknowledgeCommand = () =>
  new Command('acknowledge')
    .description("take in a site's signed report that came by file; exits with 1 where it does not hold what it should")
    .addArgument(siteArgument())
    .addArgument(new Argument('<file>', 'the report'))
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (site, file, options) => asked((await load()).runAcknowledge(site, file, options)));

const replanCommand = () =>
  new Command('replan')
    .description('have the states of all sites made now, where they differ')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => asked((await load()).runReplan(options)));
