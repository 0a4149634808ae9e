/** Who may import whom. `check-imports.ts` fails when a pattern here matches no file, so no rule outlives what it guards. */

export interface RoomRule {
  room: string;
  /** Files of the room. */
  files: RegExp;
  /** Our files that it may import besides its own and the contracts. */
  mayImport: RegExp[];
}

/** Types and constants that every part may know; they import nothing but each other. */
export const contracts: RegExp[] = [
  /^src\/errors\.ts$/,
  /^src\/version\.ts$/,
  /^src\/ring\/layout\.ts$/,
  /^src\/api\/contract\.ts$/,
  /^src\/native\/(engine|app-flows|moment-memory|row-fronts|syn-memory|tick-walk)\.ts$/,
  /^src\/shard\/protocol\.ts$/,
  /^src\/config\/options\.ts$/,
  /^src\/detect\/(batch|events)\.ts$/,
  /^src\/detect\/state\/hyperloglog\.ts$/,
  /^src\/process\/memory\.ts$/,
];

const packet = /^src\/packet\//;
const flow = /^src\/flow\//;
const ring = /^src\/ring\//;
const app = /^src\/app\//;
const fingerprint = /^src\/fingerprint\//;
const shard = /^src\/shard\//;
const merge = /^src\/merge\//;
const nativeRoom = /^src\/native\//;
const supervisor = /^src\/supervisor\//;
const exportRoom = /^src\/export\//;
const config = /^src\/config\//;
const detect = /^src\/detect\//;
/** Two pure files without imports that detection shares with their rooms. */
const sharedWithDetect = [/^src\/flow\/address-bytes\.ts$/, /^src\/config\/nearest\.ts$/];
const discovery = /^src\/discovery\//;
/** What a device's flows are told by, and which networks are its own. */
const sharedWithDiscovery = [/^src\/flow\/record\.ts$/, /^src\/detect\/networks\.ts$/];
const enrich = /^src\/enrich\//;
const api = /^src\/api\//;
const store = /^src\/store\//;
/** Sensor, keeper of devices and history, and API, put together in threads. */
const service = /^src\/service\//;
const verdict = /^src\/verdict\//;
const filter = /^src\/filter\//;
const addressBytes = /^src\/flow\/address-bytes\.ts$/;
/** Which processes have the ends of flows. */
const process = /^src\/process\//;
/** Besides the memory that they share. */
const sharedWithShard = [/^src\/process\/own-addresses\.ts$/];
const telemetry = /^src\/telemetry\//;
/** Which stage loses packets: the part of telemetry that a sensor asks itself. */
const loss = /^src\/telemetry\/loss\//;
const cli = /^src\/cli\//;
/** The composition root, cut into files: the only one that knows concrete classes of every room. */
const sensor = /^src\/(sensor|sensor-[a-z-]+|flow-stream)\.ts$/;

export const rooms: RoomRule[] = [
  { room: 'config', files: config, mayImport: [] },
  { room: 'ring', files: ring, mayImport: [] },
  { room: 'native', files: nativeRoom, mayImport: [ring] },
  { room: 'telemetry', files: telemetry, mayImport: [] },
  { room: 'packet', files: packet, mayImport: [ring] },
  { room: 'flow', files: flow, mayImport: [ring, packet, app, fingerprint] },
  { room: 'fingerprint', files: fingerprint, mayImport: [app] },
  { room: 'app', files: app, mayImport: [fingerprint] },
  { room: 'detect', files: detect, mayImport: [app, ...sharedWithDetect] },
  { room: 'discovery', files: discovery, mayImport: [packet, app, ...sharedWithDiscovery] },
  { room: 'enrich', files: enrich, mayImport: [] },
  { room: 'api', files: api, mayImport: [/^src\/export\/csv-encoder\.ts$/, /^src\/flow\/record\.ts$/, /^src\/store\/flow-line\.ts$/] },
  { room: 'dashboard', files: /^src\/dashboard\//, mayImport: [] },
  { room: 'verdict', files: verdict, mayImport: [addressBytes] },
  { room: 'filter', files: filter, mayImport: [packet, addressBytes] },
  { room: 'process', files: process, mayImport: [addressBytes, nativeRoom] },
  { room: 'shard', files: shard, mayImport: [ring, flow, app, fingerprint, packet, nativeRoom, ...sharedWithShard] },
  { room: 'merge', files: merge, mayImport: [ring, flow, packet, app, fingerprint, process] },
  { room: 'export', files: exportRoom, mayImport: [flow, packet, merge, app, detect] },
  { room: 'store', files: store, mayImport: [/^src\/api\/sources\.ts$/, flow, packet, app, detect, exportRoom] },
  { room: 'supervisor', files: supervisor, mayImport: [ring, flow, detect, shard, merge, nativeRoom, exportRoom] },
  {
    room: 'sensor',
    files: sensor,
    mayImport: [
      config,
      ring,
      nativeRoom,
      packet,
      flow,
      detect,
      shard,
      merge,
      supervisor,
      exportRoom,
      loss,
      discovery,
      enrich,
      verdict,
      filter,
      process,
    ],
  },
  {
    room: 'service',
    files: service,
    mayImport: [sensor, config, telemetry, flow, packet, detect, merge, exportRoom, discovery, enrich, store, api],
  },
  {
    room: 'cli',
    files: cli,
    mayImport: [sensor, service, config, telemetry, ring, nativeRoom, packet, flow, app, detect, merge, exportRoom, store, api],
  },
  { room: 'index', files: /^src\/index\.ts$/, mayImport: [sensor, service, config, flow, detect, merge, packet, loss, verdict] },
];

/** Rooms without a clock, a logger, files or threads: time and bytes arrive as arguments. */
export const pureRooms = /^src\/(packet|flow|app|fingerprint|detect|discovery)\//;
export const pureModules = new Set(['node:crypto', 'node:buffer', 'node:module', 'tldts', 'bowser']);
/** What a pure room must not even mention: the global ways to time, timers and the process. */
export const impureGlobals =
  /\b(?:Date\.now|performance\.|new Date\(\)|setTimeout|setInterval|setImmediate|queueMicrotask|process\.|Atomics\.wait|console\.)/;

/** Modules that belong to some rooms only. */
export const owners: { module: RegExp; files: RegExp }[] = [
  { module: /^piscina$/, files: supervisor },
  { module: /^pino$/, files: telemetry },
  { module: /^yargs(\/|$)/, files: cli },
  { module: /^(?:@fastify\/|fastify$|prom-client$)/, files: api },
  { module: /^smol-toml$/, files: config },
  { module: /^tldts$/, files: detect },
  { module: /^bowser$/, files: discovery },
  { module: /^maxmind$/, files: enrich },
  { module: /^node:worker_threads$/, files: /^src\/(supervisor|shard|service|process)\// },
];

/** The one room that loads the compiled addon, and how that looks; nobody else loads anything by its name. */
export const addonLoading = /createRequire\(|process\.dlopen|node-gyp-build|\.node['"`]/;
/** The others load modules that many never need, at once: of our own, and the list of public suffixes. */
export const addonLoader = /^src\/(native\/|shard\/late-parsers\.ts$|detect\/registered-domain\.ts$)/;

/** The one folder that includes the Node-API. */
export const nodeApiInclude = /^\s*#\s*include\s*[<"](?:napi|node_api|js_native_api|uv)\.h[>"]/m;
export const nodeApiFolder = /^native\/addon\//;
