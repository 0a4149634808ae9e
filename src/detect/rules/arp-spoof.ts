/**
 * An address whose MAC changes. That alone is common (DHCP, a new network card) and only noted; it is an attack when it is
 * the gateway's address, or when the address goes back and forth, as it does while two stations claim it.
 */
import type { Address, ArpEvent } from '../events.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { Suspects } from '../state/suspects.ts';
import { NS_PER_SECOND, windowSetting } from './scan-settings.ts';

const MOST_ADDRESSES = 8192;
const MOST_ASKED_FOR = 1024;
const MOST_ASKERS = 64;
/** Changes that are remembered of one address. */
const MOST_CHANGES = 16;
const NOBODY = '\0\0\0\0';

/** MACs that move between routers on purpose: VRRP and CARP (RFC 9568), HSRP 1 and 2, GLBP. */
const VIRTUAL_ROUTER = /^00:00:(?:5e:00:0[12]:|0c:07:ac:|0c:9f:f)|^00:07:b4:00:/;

/** A MAC that one station can have: not a group's and not nothing. */
const isStation = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';

interface Change {
  readonly at: number;
  /** The MAC that was left. */
  readonly from: string;
}

interface Binding {
  mac: string;
  changes: Change[];
}

/** The address that most stations ask for. */
class GatewayGuess {
  private readonly askers = new Suspects<Set<Address>>(MOST_ASKED_FOR, () => new Set());
  private most = 0;
  private leader: Address | null = null;

  ask(asker: Address, address: Address): void {
    const set = this.askers.obtain(address);
    if (set.size >= MOST_ASKERS) return;
    set.add(asker);
    if (set.size === 2) this.askers.promote(address);
    if (set.size <= this.most) return;
    this.most = set.size;
    this.leader = address;
  }

  is(address: Address, least: number): boolean {
    return address === this.leader && this.most >= least;
  }
}

export const arpSpoof = defineRule({
  kind: 'arp_spoof',
  title: 'ARP spoofing',
  description:
    'An address is claimed by another MAC than before. Critical for the gateway (the address that most stations ask for) and for an address that goes back and forth; else a note, as for the MACs of virtual routers.',
  severity: 'critical',
  confidence: 0.8,
  mitre: [{ technique: 'T1557.002', name: 'Adversary-in-the-Middle: ARP Cache Poisoning', tactic: 'Credential Access' }],
  enabled: true,
  cooldownSecs: 300,
  decides: 'target',
  settings: {
    changes: { value: 2, least: 2, most: MOST_CHANGES, unit: 'changes', description: 'Changes, the last one back to an earlier MAC' },
    window_secs: windowSetting(60),
    gateway_askers: { value: 3, least: 1, most: MOST_ASKERS, unit: 'stations', description: 'Stations that must ask for a gateway' },
  },
  create(context) {
    const { window_secs: window, changes: limit, gateway_askers } = context.settings;
    const windowNs = window * NS_PER_SECOND;
    const bindings = new BoundedMap<Binding>(MOST_ADDRESSES);
    const gateway = new GatewayGuess();

    const report = ({ at, senderAddress, senderMac, frameSource }: ArpEvent, from: string, changes: readonly Change[]): void => {
      const isVirtual = VIRTUAL_ROUTER.test(from) || VIRTUAL_ROUTER.test(senderMac);
      const isGateway = gateway.is(senderAddress, gateway_askers);
      const isFlipping = changes.length >= limit && changes.some((change) => change.from === senderMac);
      const isAttack = !isVirtual && (isGateway || isFlipping);
      const address = context.text(senderAddress);
      const what = isVirtual ? 'the address of a virtual router' : isGateway ? 'the address of the gateway' : 'an address';
      context.raise({
        at,
        firstAt: changes[0].at,
        source: senderMac,
        target: address,
        // A note must not be what an attack is folded into.
        key: isAttack ? `${address} attack` : `${address} note`,
        observed: { changes: changes.length, from, to: senderMac, frame_source: frameSource, gateway: isGateway ? 'yes' : 'no' },
        threshold: { changes: limit },
        windowSecs: window,
        description: `${address}, ${what}, went from ${from} to ${senderMac}: ${changes.length} changes within ${window} s`,
        flows: [],
        ...(isAttack ? {} : { severity: 'info', confidence: 0.2 }),
      });
    };

    return {
      arp(event) {
        const { at, operation, senderMac, senderAddress, targetAddress } = event;
        if (senderAddress === NOBODY || !isStation(senderMac)) return;
        const binding = bindings.obtain(senderAddress, () => ({ mac: senderMac, changes: [] }));
        if (binding.mac !== senderMac) {
          const from = binding.mac;
          binding.mac = senderMac;
          binding.changes = [...binding.changes.filter((change) => at - change.at < windowNs), { at, from }].slice(-MOST_CHANGES);
          report(event, from, binding.changes);
        }
        if (operation === 1 && targetAddress !== senderAddress) gateway.ask(senderAddress, targetAddress);
      },
    };
  },
});
