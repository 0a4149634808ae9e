/** Can the configured outputs be written? Proved by writing, but never over what is there already. */
import { accessSync, closeSync, constants, openSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OUTPUT_PATHS, type OutputOptions } from '../../config/options.ts';
import { SensorError } from '../../errors.ts';
import { checkDistinct } from '../../export/export-set.ts';
import { createLog } from '../../telemetry/logger.ts';
import { absent, advice, type Finding, missing, ok, reasonOf } from './finding.ts';

const SAMPLE = `${JSON.stringify({ weir: 'doctor', sample: true })}\n`;

const MIB = 1024 * 1024;
/** Less is filled within minutes by the flow records of a busy gateway. */
const LEAST_FREE_MIB = 100;

/** A pipe takes bytes only while somebody reads it: without a reader a capture waits at its start. */
function checkPipe(check: string, path: string): Finding {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return ok(check, `${path} is a pipe with a reader`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    return advice(check, `${path} is a pipe that nobody reads: a capture waits for a reader before it starts`, `cat ${path}`);
  }
}

/** What is written grows; where there is hardly any room it fails later. */
function checkRoom(check: string, path: string, message: string, statfs = statfsSync): Finding {
  const { bavail, bsize } = statfs(dirname(path));
  const free = (bavail * bsize) / MIB;
  if (free >= LEAST_FREE_MIB) return ok(check, message);
  return advice(check, `${message}; but only ${Math.floor(free)} MiB are free there`, `df -h ${dirname(path)}`);
}

/** A sample line into a new file beside the output, removed again; an existing output is only asked for access. */
export function checkOutput(check: string, path: string, statfs = statfsSync): Finding {
  if (path === '-') return ok(check, 'standard output');
  const sample = join(dirname(path), `.${basename(path)}.weir-doctor-${process.pid}`);
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory()) return missing(check, `${path} is a directory`, 'name a file');
    if (existing !== undefined) accessSync(path, constants.W_OK);
    if (existing?.isFIFO()) return checkPipe(check, path);
    if (existing !== undefined && !existing.isFile()) return ok(check, `${path} can be written`);
    writeFileSync(sample, SAMPLE, { flag: 'wx' });
    return checkRoom(check, path, `${path} can be written (sample line written beside it and removed)`, statfs);
  } catch (error) {
    return missing(check, reasonOf(error), `mkdir -p ${dirname(path)}, and give this user the right to write there`);
  } finally {
    rmSync(sample, { force: true });
  }
}

/** The log is appended to, so its sample is a real entry. */
function checkLog(file: string): Finding {
  try {
    const log = createLog({ verbosity: 1, json: false, file, stderr: process.stderr });
    log.logger.info('sample entry of weir doctor');
    log.close();
    return ok('log.file', `${file} can be written (sample entry appended)`);
  } catch (error) {
    return missing('log.file', reasonOf(error), `mkdir -p ${dirname(file)}, and give this user the right to write there`);
  }
}

/** Two outputs that name one file. */
function checkTogether(output: OutputOptions): Finding[] {
  try {
    checkDistinct(output);
    return [];
  } catch (error) {
    const hint = error instanceof SensorError && error.hint !== undefined ? error.hint : 'give each its own file';
    return [missing('outputs', reasonOf(error), hint)];
  }
}

export function checkOutputs(output: OutputOptions, logFile: string | null): Finding[] {
  const findings = OUTPUT_PATHS.flatMap((name) => {
    const path = output[name];
    const key = `output.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    return path === null || path === '' ? [] : [checkOutput(key, path)];
  });
  if (logFile !== null) findings.push(checkLog(logFile));
  findings.push(...checkTogether(output));
  return findings.length > 0 ? findings : [absent('outputs', 'none configured')];
}
