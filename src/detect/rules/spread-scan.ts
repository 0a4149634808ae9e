/** What rules over one spread of failed contacts have in common: one port of many hosts, many ports of one, many hosts. */
import type { OpenEvent } from '../events.ts';
import type { Finding, RuleContext, RuleHandlers } from '../rule.ts';
import type { AnsweredQuestion } from '../state/answered-contacts.ts';
import { followContacts } from '../state/contact-follower.ts';
import type { ContactWants } from '../state/contact-wants.ts';
import { type AnsweredOf, Spread, type Spreading } from '../state/spread.ts';
import { ANSWER_WAIT, FAILED_ONLY, FAILED_SHARE, NS_PER_SECOND } from './scan-settings.ts';

/** Settings beside the window and what is counted. */
export const SPREAD_SETTINGS = { failed_only: FAILED_ONLY, failed_share: FAILED_SHARE, answer_wait_ms: ANSWER_WAIT } as const;

type SpreadSettings = Readonly<Record<keyof typeof SPREAD_SETTINGS | 'window_secs', number>>;
type Words = Pick<Finding, 'target' | 'observed' | 'threshold' | 'description'>;

export interface SpreadScan {
  /** Different members of a group that make a finding. */
  readonly members: number;
  readonly protocols: readonly number[];
  /** Which flows of theirs it is about; all when absent. */
  readonly wants?: ContactWants;
  /** Whose members are counted, and which of them the attempt is for. */
  group(open: OpenEvent): string;
  member(open: OpenEvent): string;
  /** Which answered contacts of the source are of the group. */
  among(open: OpenEvent): Pick<AnsweredQuestion, 'target' | 'port'>;
  words(open: OpenEvent, found: Spreading, source: string): Words;
}

/** One alert for each source, whatever its groups are. */
export function followSpread(
  context: Pick<RuleContext, 'text' | 'raise' | 'contacts'>,
  settings: SpreadSettings,
  scan: SpreadScan,
): RuleHandlers {
  const { window_secs: windowSecs, failed_only, failed_share: failedShare, answer_wait_ms } = settings;
  const windowNs = windowSecs * NS_PER_SECOND;
  const spread = new Spread({ windowNs, members: scan.members, failedShare });
  return followContacts(context, answer_wait_ms, {
    failedOnly: failed_only === 1,
    protocols: scan.protocols,
    ...(scan.wants === undefined ? {} : { wants: scan.wants }),
    memoryNs: windowNs,
    failed(open, _, answered) {
      const answeredOf: AnsweredOf = (window) => answered?.count({ ...window, ...scan.among(open) }) ?? 0;
      const found = spread.failed(scan.group(open), scan.member(open), open.at, answeredOf, open);
      if (found === null) return;
      const { at, firstAt, flows } = found;
      const source = context.text(open.source);
      context.raise({ at, firstAt, source, key: source, windowSecs, flows, ...scan.words(open, found, source) });
    },
    expire: (now) => spread.expire(now),
  });
}
