import { expect, it } from 'vitest';
import { packagesOf } from '../packages-of.ts';

it('Homebrew packages are those in the Cellar', async () => {
  const formula = 'class Jq < Formula\n  desc "x"\n  license "MIT"\nend\n';
  const brew = 'home/linuxbrew/.linuxbrew';
  expect(
    await packagesOf([
      { path: `${brew}/Cellar/jq/1.7.1/.brew/jq.rb`, content: formula },
      { path: `${brew}/Library/Taps/o/t/Formula/other.rb`, content: formula },
    ]),
  ).toMatchObject([{ type: 'brew', name: 'jq', version: '1.7.1', purl: 'pkg:brew/jq@1.7.1', licenses: ['MIT'] }]);
});
