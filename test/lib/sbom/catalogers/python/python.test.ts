import { describe, expect, it } from 'vitest';
import { matchKind } from '../../../../../lib/sbom/catalogers/index.ts';
import { directUrlFile } from '../../../../../lib/sbom/catalogers/python/parse-direct-url.ts';
import { pythonMetadataFile } from '../../../../../lib/sbom/catalogers/python/parse-metadata.ts';
import { packagesOf } from '../packages-of.ts';

const metadata = (name: string, version: string, more = ''): string =>
  `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${more}\nA description that may say\nName: other\n`;
const parse = (text: string) => pythonMetadataFile.parse(Buffer.from(text), '');
const site = 'usr/lib/python3/site-packages';

describe('Python packages', () => {
  it('have one name in whatever way it is written, and need what is not an extra', async () => {
    const requires = 'Requires-Dist: MarkupSafe (>=0.23)\nRequires-Dist: Babel (>=0.8) ; extra == "i18n"\n';
    const packages = await packagesOf([
      { path: `${site}/Jinja2-2.11.2.dist-info/METADATA`, content: metadata('Jinja2', '2.11.2', requires) },
      { path: `${site}/Jinja2-2.11.2.dist-info/RECORD`, content: 'jinja2/__init__.py,sha256=x,1' },
      { path: `${site}/Markup_Safe.egg-info/PKG-INFO`, content: metadata('MarkupSafe', '1.1.1') },
      { path: `${site}/babel-2.9.egg-info`, content: metadata('babel', '2.9') },
      { path: `${site}/Zope.Interface-5.egg/EGG-INFO/PKG-INFO`, content: metadata('Zope._-Interface', '5') },
    ]);
    expect(packages.map(({ type, name, version, purl }) => ({ type, name, version, purl }))).toEqual([
      { type: 'pypi', name: 'babel', version: '2.9', purl: 'pkg:pypi/babel@2.9' },
      { type: 'pypi', name: 'jinja2', version: '2.11.2', purl: 'pkg:pypi/jinja2@2.11.2' },
      { type: 'pypi', name: 'markupsafe', version: '1.1.1', purl: 'pkg:pypi/markupsafe@1.1.1' },
      { type: 'pypi', name: 'zope-interface', version: '5', purl: 'pkg:pypi/zope-interface@5' },
    ]);
    expect(packages[1]?.locations.map((one) => one.path)).toEqual([
      `${site}/Jinja2-2.11.2.dist-info/METADATA`,
      `${site}/Jinja2-2.11.2.dist-info/RECORD`,
    ]);
    expect(packages[1]?.dependencies).toEqual(['pkg:pypi/markupsafe@1.1.1']);
  });

  it('of a repository say which, without its secrets', async () => {
    const url = { url: 'https://user:secret@host.example/a/b.git', vcs_info: { vcs: 'git', commit_id: 'abc' } };
    const [found] = await packagesOf([
      { path: `${site}/a-1.dist-info/METADATA`, content: metadata('a', '1') },
      { path: `${site}/a-1.dist-info/direct_url.json`, content: JSON.stringify(url) },
    ]);
    expect(found?.purl).toBe('pkg:pypi/a@1?vcs_url=git%2Bhttps%3A%2F%2Fhost.example%2Fa%2Fb.git%40abc');
    const local = JSON.stringify({ url: 'file:///src', dir_info: { editable: true } });
    expect(directUrlFile.parse(Buffer.from(local), '')).toBeUndefined();
  });

  it('tell licences by expression, field or classifier', () => {
    const licenses = (more: string) => parse(metadata('a', '1', more))?.licenses;
    expect(licenses('License-Expression: MIT OR Apache-2.0\nLicense: x\n')).toEqual(['MIT OR Apache-2.0']);
    expect(licenses('License: BSD\n')).toEqual(['BSD']);
    const classifier = 'Classifier: License :: OSI Approved :: MIT License\nClassifier: Topic :: x\n';
    expect(licenses(`License: UNKNOWN\n${classifier}`)).toEqual(['MIT License']);
    expect(licenses(`License: Copyright\n        All rights\n${classifier}`)).toEqual(['MIT License']);
  });

  it('are none without a name, and Python itself is none', () => {
    expect(parse('Name: a\n')).toMatchObject({ name: 'a', version: '' });
    expect(parse('')).toBeUndefined();
    expect(parse(metadata('Python', '2.7.18'))).toBeUndefined();
    expect(parse('\r\nName: a\r\nVersion: 1\r\n')).toMatchObject({ name: 'a', version: '1' });
  });

  it('are known by their paths', () => {
    const kind = (directory: string, name: string) => matchKind(directory, name)?.id;
    expect(kind('x/dist-info', 'METADATA')).toBe('python-metadata');
    expect(kind('x/EGG-INFO', 'PKG-INFO')).toBe('python-metadata');
    expect(kind(site, 'a.egg-info')).toBe('python-metadata');
    expect(kind('x/docs', 'METADATA')).toBeUndefined();
    expect(kind('x', 'PKG-INFO')).toBeUndefined();
  });
});
