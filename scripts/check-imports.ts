/** Checks the import rules of the project: rooms, purity, owners of modules, cycles, barrels. Exit 1 with one line per offence. */
import { pathToFileURL } from 'node:url';
import {
  addonLoader,
  addonLoading,
  contracts,
  impureGlobals,
  nodeApiFolder,
  nodeApiInclude,
  owners,
  pureModules,
  pureRooms,
  rooms,
} from './import-rules.ts';
import { blankComments, type Import, importsOf, listFiles, projectRoot, readSource } from './source-tree.ts';

/** A file's text without comments, and what it imports. */
interface Module {
  file: string;
  text: string;
  imports: Import[];
}

const isContract = (file: string) => contracts.some((pattern) => pattern.test(file));

function roomOffences({ file, imports }: Module): string[] {
  const rule = rooms.find(({ files }) => files.test(file));
  if (rule === undefined && !isContract(file)) return [`${file}: belongs to no room of scripts/import-rules.ts`];
  const own = rule?.files;
  const allowed = isContract(file) ? [] : (rule?.mayImport ?? []);
  return imports
    .filter((entry) => entry.file !== null && !isContract(entry.file))
    .filter((entry) => !(own?.test(entry.file ?? '') && !isContract(file)) && !allowed.some((pattern) => pattern.test(entry.file ?? '')))
    .map((entry) => `${file}:${entry.line}: ${isContract(file) ? 'a contract' : rule?.room} may not import ${entry.file}`);
}

function pureOffences({ file, text, imports }: Module): string[] {
  if (!pureRooms.test(file)) return [];
  const modules = imports.filter((entry) => entry.file === null && !entry.typeOnly && !pureModules.has(entry.specifier));
  const offences = modules.map((entry) => `${file}:${entry.line}: a pure room may not import ${entry.specifier}`);
  const used = impureGlobals.exec(text);
  if (used !== null) offences.push(`${file}: a pure room may not use ${used[0]}`);
  return offences;
}

function ownerOffences({ file, text, imports }: Module): string[] {
  const offences = imports
    .filter((entry) => !entry.typeOnly && owners.some(({ module, files }) => module.test(entry.specifier) && !files.test(file)))
    .map((entry) => `${file}:${entry.line}: ${entry.specifier} belongs to another room`);
  if (addonLoading.test(text) && !addonLoader.test(file)) offences.push(`${file}: only src/native loads the addon`);
  return offences;
}

function barrelOffences({ file, text, imports }: Module): string[] {
  if (file === 'src/index.ts') return [];
  if (/(^|\/)index\.ts$/.test(file)) return [`${file}: only src/index.ts may have this name`];
  const reexports = imports.filter((entry) => entry.reexport);
  const declares = /^\s*(?:export\s+)?(?:async\s+)?(?:const|let|function|class|interface|type\s+\w+\s*[=<]|abstract)/m.test(text);
  return reexports.length > 0 && !declares ? [`${file}: re-exports only; import from where things are`] : [];
}

/** Cycles of run-time imports, each once, from its alphabetically first file. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles = new Map<string, string[]>();
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    const at = path.indexOf(file);
    if (at >= 0) {
      const cycle = path.slice(at);
      const first = cycle.indexOf([...cycle].sort()[0] ?? '');
      const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
      cycles.set(turned.join(), turned);
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return [...cycles.values()];
}

function cycleOffences(modules: readonly Module[]): string[] {
  const known = new Set(modules.map(({ file }) => file));
  // `new URL('./worker.ts', import.meta.url)` starts another thread and is no import; it has no `from` and is no cycle.
  const targets = ({ imports }: Module) =>
    imports.flatMap((entry) => (entry.file !== null && !entry.typeOnly && !entry.url && known.has(entry.file) ? [entry.file] : []));
  const graph = new Map(modules.map((module) => [module.file, targets(module)]));
  return findCycles(graph).map((cycle) => `cycle: ${[...cycle, cycle[0]].join(' → ')}`);
}

/** Patterns that match no file: rules that guard nothing. */
function emptyPatterns(files: readonly string[]): string[] {
  const patterns = [...contracts, pureRooms, addonLoader, nodeApiFolder];
  for (const rule of rooms) patterns.push(rule.files, ...rule.mayImport);
  for (const owner of owners) patterns.push(owner.files);
  const empty = patterns.filter((pattern) => !files.some((file) => pattern.test(file)));
  return [...new Set(empty.map((pattern) => `scripts/import-rules.ts: ${pattern} matches no file`))];
}

/** Modules that have an owner but that nobody imports: the same emptiness, for packages. */
function unusedOwners(modules: readonly Module[]): string[] {
  const specifiers = modules.flatMap(({ imports }) => imports.map((entry) => entry.specifier));
  const unused = owners.filter(({ module }) => !specifiers.some((specifier) => module.test(specifier)));
  return unused.map(({ module }) => `scripts/import-rules.ts: ${module} is imported nowhere`);
}

/** All offences of a set of files, by path from the root. */
export function importOffences(sources: ReadonlyMap<string, string>): string[] {
  const files = [...sources.keys()];
  const modules = [...sources]
    .filter(([file]) => /^src\/.*\.tsx?$/.test(file))
    .map(([file, source]) => ({ file, text: blankComments(source), imports: importsOf(file, source) }));
  const perModule = [roomOffences, pureOffences, ownerOffences, barrelOffences];
  const nodeApi = [...sources]
    .filter(([file, source]) => /^native\/.*\.(cc|h)$/.test(file) && !nodeApiFolder.test(file) && nodeApiInclude.test(source))
    .map(([file]) => `${file}: only native/addon includes the Node-API`);
  const single = modules.flatMap((module) => perModule.flatMap((check) => check(module)));
  return [...emptyPatterns(files), ...unusedOwners(modules), ...single, ...cycleOffences(modules), ...nodeApi];
}

export function readSources(root: string): Map<string, string> {
  return new Map(listFiles(root, ['src', 'native']).map((file) => [file, readSource(root, file)]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const offences = importOffences(readSources(projectRoot));
  for (const offence of offences) process.stderr.write(`${offence}\n`);
  process.exitCode = offences.length > 0 ? 1 : 0;
}
