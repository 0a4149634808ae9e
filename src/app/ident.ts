/**
 * The Identification Protocol (RFC 1413): a pair of ports asks, the same pair with USERID or ERROR answers. Both are needed.
 */
import {
  CLIENT,
  Progress,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { firstLine } from './lines.ts';

const QUESTION = /^\s*(\d{1,5})\s*,\s*(\d{1,5})\s*$/;
const ANSWER = /^\s*(\d{1,5})\s*,\s*(\d{1,5})\s*:\s*(USERID|ERROR)\s*:\s*([^:]*)(?::(.*))?$/i;

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  const question = firstLine(heads[CLIENT]);
  const answer = firstLine(heads[SERVER]);
  if (!/^[\d\s,]*$/.test(question.text) || (question.ended && !QUESTION.test(question.text))) return Verdict.NO;
  if (!/^[\d\s,]*(?::.*)?$/.test(answer.text)) return Verdict.NO;
  const asked = QUESTION.exec(question.text);
  const answered = ANSWER.exec(answer.text);
  if (question.ended && asked !== null && answered !== null)
    return asked[1] === answered[1] && asked[2] === answered[2] ? Verdict.YES : Verdict.NO;
  return heads[CLIENT].complete && heads[SERVER].complete ? Verdict.NO : Verdict.MORE;
}

class IdentSession implements StreamSession {
  confirmed = false;
  private readonly context: SessionContext;

  constructor(context: SessionContext) {
    this.context = context;
  }

  advance(heads: readonly [StreamHead, StreamHead]) {
    const line = firstLine(heads[SERVER], 512);
    if (!line.ended && !heads[SERVER].complete) return Progress.MORE;
    const answer = ANSWER.exec(line.text);
    if (answer === null) return Progress.BROKEN;
    this.confirmed = true;
    const detail = this.context.facts.detail('ident');
    detail.server_port = Number(answer[1]);
    detail.client_port = Number(answer[2]);
    if (answer[3].toUpperCase() === 'ERROR') detail.error = answer[4].trim();
    else {
      detail.system = answer[4].trim();
      detail.user = (answer[5] ?? '').trim();
    }
    return Progress.DONE;
  }
}

export const ident: StreamDissector = {
  transport: 'tcp',
  protocol: 'ident',
  ports: [113],
  probe: (heads: readonly [StreamHead, StreamHead]) => probe(heads),
  open: (context: SessionContext) => new IdentSession(context),
};
