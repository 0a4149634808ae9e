/** Can the configured outputs be written? Proved by writing, but never over what is there already. */
import { accessSync, constants, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OUTPUT_PATHS, type OutputOptions } from '../../config/options.ts';
import { createLog } from '../../telemetry/logger.ts';
import { absent, type Finding, missing, ok, reasonOf } from './finding.ts';

const SAMPLE = `${JSON.stringify({ weir: 'doctor', sample: true })}\n`;

/** A sample line into a new file beside the output, removed again; an existing output is only asked for access. */
export function checkOutput(check: string, path: string): Finding {
  if (path === '-') return ok(check, 'standard output');
  const sample = join(dirname(path), `.${basename(path)}.weir-doctor-${process.pid}`);
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory()) return missing(check, `${path} is a directory`, 'name a file');
    if (existing !== undefined) accessSync(path, constants.W_OK);
    if (existing !== undefined && !existing.isFile()) return ok(check, `${path} can be written`);
    writeFileSync(sample, SAMPLE, { flag: 'wx' });
    return ok(check, `${path} can be written (sample line written beside it and removed)`);
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

export function checkOutputs(output: OutputOptions, logFile: string | null): Finding[] {
  const findings = OUTPUT_PATHS.flatMap((name) => {
    const path = output[name];
    const key = `output.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    return path === null ? [] : [checkOutput(key, path)];
  });
  if (logFile !== null) findings.push(checkLog(logFile));
  return findings.length > 0 ? findings : [absent('outputs', 'none configured')];
}
