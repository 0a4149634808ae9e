/** One packet: its layers with their fields, and its bytes. */
import type { PacketDetail } from '../../api/contract.ts';
import { testIds } from '../test-ids.ts';
import { hexRows } from '../text/hex.ts';
import { keyed } from '../text/keyed.ts';
import { formatCount } from '../text/units.ts';
import { visibleText } from '../text/visible.ts';
import { type Fact, Facts } from './facts.tsx';
import { ScrollBox } from './scroll-box.tsx';
import { When } from './when.tsx';

export function PacketView({ packet }: { packet: PacketDetail }) {
  const cut = packet.captured < packet.length ? `, ${formatCount(packet.captured)} captured` : '';
  return (
    <div className="packet">
      <h2>
        Packet {formatCount(packet.ordinal)}
        <span className="faint">
          {' '}
          <When at={packet.time} style="micros" />, {formatCount(packet.length)} B{cut}
        </span>
      </h2>
      <p className="packet-summary">{visibleText(packet.summary)}</p>
      <div data-testid={testIds.packetLayers}>
        {keyed(packet.layers, ({ name }) => name).map(({ key, item }) => (
          <details key={key} open className="layer">
            <summary>{visibleText(item.name)}</summary>
            <Facts facts={item.fields.map(({ name, value }): Fact => [visibleText(name), visibleText(value)])} />
          </details>
        ))}
      </div>
      <h3>Bytes</h3>
      <ScrollBox className="hex" label="Bytes in hexadecimal">
        <pre data-testid={testIds.packetHex}>{hexRows(packet.hex).join('\n')}</pre>
      </ScrollBox>
    </div>
  );
}
