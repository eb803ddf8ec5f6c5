import { describe, expect, it } from 'vitest';
import { rockspecFile } from '../../../../../lib/sbom/catalogers/lua/parse-rockspec.ts';
import { packagesOf } from '../packages-of.ts';

const parse = (text: string) => rockspecFile.parse(Buffer.from(text), '');

describe('Lua rocks', () => {
  it('are told by their rockspec', async () => {
    const kong = `package = "kong"
version = '3.7.0-0' -- of today
source = { url = "git+https://host.example/k.git", tag = "3.7.0" }
description = { summary = [[Two
lines]], license = "Apache 2.0" }
dependencies = {
  "lua >= 5.1", -- "not this"
  "inspect == 3.1.3",
}
build = { type = "builtin", modules = { ["kong"] = "kong/init.lua", version = "9" } }
`;
    expect(
      await packagesOf([
        { path: 'usr/local/lib/luarocks/rocks-5.1/kong/3.7.0-0/kong-3.7.0-0.rockspec', content: kong },
        { path: 'x/inspect-3.1.3-0.rockspec', content: 'package="inspect" version="3.1.3-0"' },
      ]),
    ).toMatchObject([
      { type: 'luarocks', name: 'inspect', version: '3.1.3-0', purl: 'pkg:luarocks/inspect@3.1.3-0' },
      { name: 'kong', version: '3.7.0-0', licenses: ['Apache 2.0'], dependencies: ['pkg:luarocks/inspect@3.1.3-0'] },
    ]);
  });

  it('may join their version out of variables', () => {
    const text = 'local v, n = 1\nlocal _v = "2.1"\nlocal rev = 3\npackage = "a" .. "b"\nversion = _v .. "-" .. "4"';
    expect(parse(text)).toMatchObject({ name: 'ab', version: '2.1-4' });
    expect(parse('package = "a"\nversion = f("1")')).toBeUndefined();
    expect(parse('package = "a"\nversion = unknown .. "-1"')).toBeUndefined();
    expect(parse('--[==[ package = "no" ]] ]==] package = "a" version = [=[1]=]')).toMatchObject({ version: '1' });
    expect(parse('t = { package = "a", version = "1" }')).toBeUndefined();
  });

  it('that are made to take long are refused', () => {
    expect(() => parse('[['.repeat(300_000))).toThrow(SyntaxError);
    expect(() => parse('a '.repeat(300_000))).toThrow(RangeError);
    expect(parse(`package = "a" version = "1" ${'{'.repeat(100_000)}`)).toMatchObject({ name: 'a' });
  });
});
