/** `npm run detection-report`: judges the labelled captures of the corpus and writes test/detection/report.md. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { corpusFolder } from '../test/corpus/corpus.ts';
import { detect } from '../test/detection/evidence.ts';
import { type Judged, judge, labelledCaptures, reportText } from '../test/detection/labelled.ts';

const corpus = corpusFolder();
if (corpus === null) {
  console.error('detection-report: WEIR_CORPUS names no corpus with labelled captures');
  process.exit(1);
}
const judged: Judged[] = [];
for (const capture of labelledCaptures(corpus)) judged.push(judge(capture, (await detect(capture.path, {})).told));
const text = reportText(judged);
writeFileSync(fileURLToPath(new URL('../test/detection/report.md', import.meta.url)), text);
console.log(text);
