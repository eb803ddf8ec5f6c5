import { expect, it } from 'vitest';
import { wordpressPluginFile } from '../../../../../lib/sbom/catalogers/wordpress/parse-plugin.ts';
import { packagesOf } from '../packages-of.ts';

it('plugins of WordPress are told by the head of their main file', async () => {
  const head =
    '<?php\n/**\n * Plugin Name: Akismet Anti-Spam\n * Version: 5.3\n * Author: Automattic\n * License: GPLv2\n */\n';
  const folder = 'var/www/html/wp-content/plugins/akismet';
  expect(
    await packagesOf([
      { path: `${folder}/akismet.php`, content: `${head}$x = "Version: 9";` },
      { path: `${folder}/class.php`, content: '<?php // Version: 1\n' },
      { path: `${folder}/deep/akismet.php`, content: head },
    ]),
  ).toMatchObject([
    {
      id: 'wordpress-plugin:Akismet Anti-Spam@5.3',
      name: 'Akismet Anti-Spam',
      version: '5.3',
      supplier: 'Automattic',
      licenses: ['GPLv2'],
    },
  ]);
  const parse = (text: string) => wordpressPluginFile.parse(Buffer.from(text), '');
  expect(parse('<?php /* Plugin Name: a */ \n // version: 1 ?> x')).toMatchObject({ name: 'a', version: '1' });
  expect(parse(`${' '.repeat(9000)}${head}`)).toBeUndefined();
});
