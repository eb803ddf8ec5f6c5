import { Argument, Command } from '@commander-js/extra-typings';
import { answerNo } from '../exit-code.ts';
import { apiOption, dataOption, outputOption, plainHttpOption } from './options.ts';
import { typeOption } from './sign.ts';

export const verifyCommand = () =>
  new Command('verify')
    .description('verify the signatures and attestations of an image; the exit code is 1 where it is not to be trusted')
    .addArgument(new Argument('<image>', 'HOST/REPOSITORY[:TAG] or HOST/REPOSITORY@sha256:…'))
    .option('--policy <file>', 'whom to trust, and what is needed (JSON); paths in it are relative to it')
    .option('--key <key...>', 'public keys, any of which will do: files, awskms:///KEY or ARNs (default: the stack’s)')
    .addOption(typeOption())
    .option('--offline', 'ask nobody but the registry: what AWS Signer revoked is then unknown')
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (image, options) => {
      const { runVerify } = await import('../trust/run-verify.ts');
      if (!(await runVerify(image, options))) answerNo();
    });
