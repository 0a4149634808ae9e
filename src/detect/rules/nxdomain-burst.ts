import { isReputation, isSearchNoise } from '../name-shape.ts';
import { NO_TREE, RegisteredDomains, subName } from '../registered-domain.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { SlidingSet } from '../state/sliding-set.ts';
import { SlidingTotals } from '../state/sliding-totals.ts';

const MOST_CLIENTS = 4096;
const MOST_NAMES = 128;
const GRAINS = 64;

interface Client {
  /** Different names that do not exist. */
  readonly missing: SlidingSet;
  /** Answers that were NXDOMAIN, and all others. */
  readonly answers: SlidingTotals;
}

export const nxdomainBurst = defineRule({
  kind: 'nxdomain_burst',
  title: 'Many names that do not exist',
  description:
    'A client asks for many different names that do not exist, and these are a large share of its answers. Left out: names ' +
    'of one label (as browsers make them up to test the network), local and reverse names, names that the search list ' +
    'was put behind, and lookups in block lists.',
  severity: 'medium',
  confidence: 0.6,
  mitre: [
    { technique: 'T1568', name: 'Dynamic Resolution', tactic: 'command-and-control' },
    { technique: 'T1590.002', name: 'Gather Victim Network Information: DNS', tactic: 'reconnaissance' },
  ],
  enabled: true,
  cooldownSecs: 900,
  isolated: true,
  settings: {
    names: { value: 20, least: 1, most: MOST_NAMES, unit: 'names', description: 'Different names answered with NXDOMAIN in the window' },
    share: { value: 0.5, least: 0, most: 1, unit: 'ratio', description: 'NXDOMAIN of all answers to the client' },
    window_secs: { value: 60, least: 1, most: 3600, unit: 's', description: 'Sliding window' },
  },
  create(context) {
    const { settings } = context;
    const { names, share, window_secs: windowSecs } = settings;
    const windowNs = windowSecs * 1e9;
    const registered = new RegisteredDomains();
    const clients = new BoundedMap<Client>(MOST_CLIENTS);

    return {
      dns({ at, client, query, rcode }) {
        if (rcode === null) return;
        const domain = registered.of(query);
        if (domain === null || domain === NO_TREE || isReputation(domain, subName(query, domain))) return;
        const isMissing = rcode === 'NXDOMAIN';
        if (isMissing && isSearchNoise(query, domain)) return;
        const { missing, answers } = clients.obtain(client, () => ({
          missing: new SlidingSet(windowNs, MOST_NAMES),
          answers: new SlidingTotals(windowNs, windowNs / GRAINS),
        }));
        answers.add(isMissing ? 1 : 0, isMissing ? 0 : 1, at);
        if (!isMissing) return;
        const count = missing.add(query, at);
        const part = answers.first / (answers.first + answers.second);
        if (count < names || part < share) return;
        const source = context.text(client);
        context.raise({
          at,
          firstAt: missing.firstAt,
          source,
          target: null,
          observed: { names: count, share: Math.round(part * 1000) / 1000, last_name: query },
          threshold: { names, share },
          windowSecs,
          description: `${source} asked for ${count} names within ${windowSecs} s that do not exist, ${(part * 100).toFixed(0)} % of its answers`,
          flows: [],
        });
      },
    };
  },
});
