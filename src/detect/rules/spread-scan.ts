/** What rules over one spread of failed contacts have in common: one port of many hosts, many ports of one, many hosts. */
import type { FlowTuple, OpenEvent } from '../events.ts';
import type { Finding, RuleContext, RuleHandlers } from '../rule.ts';
import { followContacts } from '../state/contacts.ts';
import { Spread, type Spreading } from '../state/spread.ts';
import { ANSWER_WAIT, FAILED_ONLY, FAILED_SHARE, NS_PER_SECOND } from './scan-settings.ts';

/** Settings beside the window and what is counted. */
export const SPREAD_SETTINGS = { failed_only: FAILED_ONLY, failed_share: FAILED_SHARE, answer_wait_ms: ANSWER_WAIT } as const;

type SpreadSettings = Readonly<Record<keyof typeof SPREAD_SETTINGS | 'window_secs', number>>;
type Words = Pick<Finding, 'target' | 'observed' | 'threshold' | 'description'>;

export interface SpreadScan {
  /** Different members of a group that make a finding. */
  readonly members: number;
  wants(flow: FlowTuple | OpenEvent): boolean;
  /** Whose members are counted, and which of them the attempt is for. */
  group(open: OpenEvent): string;
  member(open: OpenEvent): string;
  words(open: OpenEvent, found: Spreading, source: string): Words;
}

/** One alert for each source, whatever its groups are. */
export function followSpread(context: Pick<RuleContext, 'text' | 'raise'>, settings: SpreadSettings, scan: SpreadScan): RuleHandlers {
  const { window_secs: windowSecs, failed_only, failed_share: failedShare, answer_wait_ms } = settings;
  const spread = new Spread({ windowNs: windowSecs * NS_PER_SECOND, members: scan.members, failedShare });
  return followContacts(answer_wait_ms, failed_only === 1, {
    wants: (flow) => scan.wants(flow),
    failed(open) {
      const found = spread.failed(scan.group(open), scan.member(open), open.at, open);
      if (found === null) return;
      const { at, firstAt, flows } = found;
      const source = context.text(open.source);
      context.raise({ at, firstAt, source, key: source, windowSecs, flows, ...scan.words(open, found, source) });
    },
    accepted: (open) => spread.accepted(scan.group(open), scan.member(open), open.at),
    expire: (now) => spread.expire(now),
  });
}
