import { looksGenerated } from '../../app/dga.ts';
import { isReputation } from '../name-shape.ts';
import { NO_TREE, RegisteredDomains, subName } from '../registered-domain.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { SlidingSet } from '../state/sliding-set.ts';

const MOST_CLIENTS = 2048;
const MOST_DOMAINS = 256;

/** Registered domains that a client asked for: all, and those that look drawn by lot. */
interface Domains {
  readonly all: SlidingSet;
  readonly generated: SlidingSet;
}

interface Client {
  readonly missing: Domains;
  readonly existing: Domains;
}

export const dga = defineRule({
  kind: 'dga',
  title: 'Machine-made domain names',
  description:
    'A client asks for several registered domains whose names look drawn by lot, as malware makes them to find its server. ' +
    'Fewer are needed when they do not exist than when they do, and they must be a share of all domains that it asked for, ' +
    'so that a resolver or mail server that asks for everything is not suspected for the odd one.',
  severity: 'medium',
  confidence: 0.7,
  mitre: [{ technique: 'T1568.002', name: 'Dynamic Resolution: Domain Generation Algorithms', tactic: 'command-and-control' }],
  enabled: true,
  cooldownSecs: 3600,
  isolated: true,
  settings: {
    missing: { value: 5, least: 1, most: MOST_DOMAINS, unit: 'domains', description: 'Generated domains that do not exist (NXDOMAIN)' },
    existing: { value: 10, least: 1, most: MOST_DOMAINS, unit: 'domains', description: 'Generated domains that exist' },
    share: { value: 0.3, least: 0, most: 1, unit: 'ratio', description: 'Generated of all domains with the same answer' },
    window_secs: { value: 300, least: 1, most: 86_400, unit: 's', description: 'Sliding window' },
  },
  create(context) {
    const { settings } = context;
    const { share, window_secs: windowSecs } = settings;
    const windowNs = windowSecs * 1e9;
    const registered = new RegisteredDomains();
    const makeDomains = (): Domains => ({ all: new SlidingSet(windowNs, MOST_DOMAINS), generated: new SlidingSet(windowNs, MOST_DOMAINS) });
    const clients = new BoundedMap<Client>(MOST_CLIENTS);

    return {
      dns({ at, client, query, rcode }) {
        if (rcode !== 'NXDOMAIN' && rcode !== 'NOERROR') return;
        const domain = registered.of(query);
        if (domain === null || domain === NO_TREE || isReputation(domain, subName(query, domain))) return;
        const state = clients.obtain(client, () => ({ missing: makeDomains(), existing: makeDomains() }));
        const isMissing = rcode === 'NXDOMAIN';
        const { all, generated } = isMissing ? state.missing : state.existing;
        const domains = all.add(domain, at);
        if (!looksGenerated(domain)) return;
        const count = generated.add(domain, at);
        const least = isMissing ? settings.missing : settings.existing;
        if (count < least || count < share * domains) return;
        const source = context.text(client);
        context.raise({
          at,
          firstAt: generated.firstAt,
          source,
          target: null,
          observed: { domains: count, share: Math.round((count / domains) * 1000) / 1000, last_domain: domain, rcode },
          threshold: { domains: least, share },
          windowSecs,
          description: `${source} asked for ${count} domains within ${windowSecs} s whose names look machine-made${isMissing ? ' and do not exist' : ''}`,
          flows: [],
        });
      },
    };
  },
});
