import { describe, expect, it } from 'vitest';
import { matchKind } from '../../../../../lib/sbom/catalogers/index.ts';
import { gemspecFile } from '../../../../../lib/sbom/catalogers/ruby/parse-gemspec.ts';
import { packagesOf } from '../packages-of.ts';

const parse = (text: string) => gemspecFile.parse(Buffer.from(text), '');

const loofah = `# -*- encoding: utf-8 -*-
# stub: loofah 2.19.1 ruby lib

Gem::Specification.new do |s|
  s.name = "loofah".freeze
  s.version = "2.19.1"
  s.metadata = { "homepage_uri" => "https://host.example" } if s.respond_to? :metadata=
  s.authors = ["Rafael Mendon\\u00E7a".freeze, "Jerry D'Antonio".freeze]
  s.licenses = ["MIT".freeze]
  s.add_runtime_dependency(%q<crass>.freeze, ["~> 1.0.2"])
  s.add_development_dependency(%q<rake>.freeze, ["~> 13"])
end
`;

describe('gems', () => {
  it('are told by their specification', async () => {
    const crass = '# stub: crass 1.0.2 ruby lib\n';
    const packages = await packagesOf([
      { path: 'usr/share/rubygems-integration/all/specifications/loofah-2.19.1.gemspec', content: loofah },
      { path: 'usr/lib/ruby/gems/3.1.0/specifications/default/crass-1.0.2.gemspec', content: crass },
      { path: 'app/vendor/mine.gemspec', content: loofah.replaceAll('loofah', 'mine') },
    ]);
    expect(packages).toMatchObject([
      { type: 'gem', name: 'crass', version: '1.0.2', purl: 'pkg:gem/crass@1.0.2' },
      {
        name: 'loofah',
        version: '2.19.1',
        licenses: ['MIT'],
        supplier: "Rafael Mendonça, Jerry D'Antonio",
        dependencies: ['pkg:gem/crass@1.0.2'],
      },
    ]);
    expect(packages).toHaveLength(2);
  });

  it('are never guessed from what is computed', () => {
    expect(parse('Gem::Specification.new do |s|\n s.name = "a"\n s.version = A::VERSION\nend')).toBeUndefined();
    expect(parse('s.name = "a-#{x}"\ns.version = "1"\n')).toBeUndefined();
    expect(parse("s.name        = 'a'\ns.version = '1.0.pre'\n")).toMatchObject({ name: 'a', version: '1.0.pre' });
    expect(parse('# stub: a 2 ruby lib\ns.version = A::VERSION\n')).toMatchObject({ name: 'a', version: '2' });
    expect(parse('s.name = "a\n')).toBeUndefined();
    expect(parse('')).toBeUndefined();
  });

  it('are known by their paths', () => {
    expect(matchKind('gems/specifications', 'a.gemspec')?.id).toBe('ruby-gemspec');
    expect(matchKind('specifications/default', 'a.gemspec')?.id).toBe('ruby-gemspec');
    expect(matchKind('gems/a', 'a.gemspec')).toBeUndefined();
  });
});
