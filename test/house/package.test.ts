import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';

interface Manifest {
  version: string;
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  engines: { node: string };
  binary: { napi_versions: number[] };
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Manifest;
const lines = (file: string) =>
  readFileSync(join(projectRoot, file), 'utf8')
    .split(/\s+/)
    .filter((line) => line !== '');

describe('package.json', () => {
  test('names files that the build makes', () => {
    const paths = [
      manifest.bin.weir ?? '',
      ...Object.values(manifest.exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target))),
    ];
    expect(paths.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
  });

  test('the command is executable and says what runs it', () => {
    const command = join(projectRoot, manifest.bin.weir ?? '');
    expect(readFileSync(command, 'utf8').split('\n', 1)[0]).toBe('#!/usr/bin/env node');
    expect(statSync(command).mode & 0o111).toBe(0o111);
  });

  test('asks for a Node that strips types, and Node-API 8', () => {
    expect(manifest.engines.node).toBe('>=22.18');
    expect(manifest.binary.napi_versions).toEqual([8]);
  });

  test('the changelog speaks of this version', () => {
    expect(readFileSync(join(projectRoot, 'CHANGELOG.md'), 'utf8')).toContain(`## ${manifest.version}`);
  });

  test('every script that it runs exists', () => {
    const scripts = Object.values(manifest.scripts).flatMap((line) => line.match(/\bscripts\/[\w-]+\.(?:sh|ts)/g) ?? []);
    expect(scripts.length).toBeGreaterThan(5);
    expect(scripts.filter((script) => !existsSync(join(projectRoot, script)))).toEqual([]);
  });

  test('every dependency is imported, and nothing else is', () => {
    const imported = new Set<string>();
    const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src'], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    // The dashboard is bundled: what it imports is needed to build, not to run.
    const runs = (name: string) => name.endsWith('.ts') && !name.startsWith('src/dashboard/') && existsSync(join(projectRoot, name));
    for (const file of files.split('\n').filter(runs)) {
      const source = readFileSync(join(projectRoot, file), 'utf8').replace(/^import type [^;]*;$/gm, '');
      for (const match of source.matchAll(/(?:from|import|require|packageFile)\s*\(?\s*['"]([a-z@][^'":]*)['"]/g)) {
        const [scope = '', name = ''] = (match[1] ?? '').split('/');
        imported.add(scope.startsWith('@') ? `${scope}/${name}` : scope);
      }
    }
    // The headers that the addon is compiled with; binding.gyp asks for them.
    imported.add('node-addon-api');
    expect([...imported].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });
});

test('the lock file holds the optional packages of every platform, as npm ci demands', () => {
  const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) => !(`node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages),
    ),
  );
  expect(missing).toEqual([]);
});

describe('the two builds of the addons', () => {
  test('share one list for each, and together they are what lies in native', () => {
    const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'native'], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    const sources = files.split('\n').filter((file) => file.endsWith('.cc') && existsSync(join(projectRoot, file)));
    const lists = ['native/sources.txt', 'native/sources-posix.txt', 'native/sources-windows.txt', 'native/dpi/sources.txt'];
    expect(lists.flatMap(lines).sort()).toEqual(sources.sort());
    for (const build of ['binding.gyp', 'native/CMakeLists.txt']) {
      const text = readFileSync(join(projectRoot, build), 'utf8');
      expect([build, text.includes('sources.txt'), text.includes('dpi/sources.txt')]).toEqual([build, true, true]);
    }
  });
});

describe('the tarball', () => {
  let packed: string[];
  beforeAll(() => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: projectRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const answer = JSON.parse(output) as { files: { path: string }[] }[] | Record<string, { files: { path: string }[] }>;
    packed = (Object.values(answer)[0]?.files ?? []).map(({ path }) => path);
  });

  test('holds what running and building need', () => {
    const needed = [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'binding.gyp',
      'native/sources.txt',
      'native/sources-posix.txt',
      'native/sources-windows.txt',
      'native/dpi/sources.txt',
      'native/dpi/find-ndpi.sh',
      'native/dpi/ndpi_compat.h',
      'dist/cli/main.js',
      'dist/index.js',
      'dist/index.d.ts',
    ];
    expect(needed.concat(lines('native/sources.txt')).filter((path) => !packed.includes(path))).toEqual([]);
  });

  test('holds nothing else', () => {
    const expected = /^(dist|native|prebuilds)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|binding\.gyp)$/;
    expect(packed.filter((path) => !expected.test(path))).toEqual([]);
  });

  test('holds no output of a source that is gone', () => {
    const outputs = packed.filter((path) => /^dist\/(?!dashboard\/).*\.js$/.test(path));
    const orphans = outputs.filter((path) => !existsSync(join(projectRoot, path.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts'))));
    expect(outputs.length).toBeGreaterThan(20);
    // The parts of the bundles that scripts/bundle-shard.sh and scripts/bundle-detection.ts make.
    expect(orphans.filter((path) => !/^dist\/(?:shard\/worker-[\w-]+|detect\/part-[\w-]+)\.js$/.test(path))).toEqual([]);
  });
});
