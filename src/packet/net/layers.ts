/** Network-layer headers. */
import type { LayerBase } from '../link/layers.ts';

export interface Ipv4Option {
  readonly type: number;
  readonly name: string;
  /** What the option holds, decoded where its layout is known, else as hexadecimal; '' when empty. */
  readonly value: string;
}

export interface Ipv4Layer extends LayerBase {
  readonly name: 'ipv4';
  readonly source: string;
  readonly destination: string;
  readonly dscp: number;
  readonly ecn: number;
  /** As in the header; 0 where segmentation was offloaded to the interface. */
  readonly totalLength: number;
  /** `totalLength`, or what is on the wire where that is 0. */
  readonly datagramLength: number;
  readonly identification: number;
  readonly reservedFlag: boolean;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** Bytes. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly checksum: number;
  /** null when the header was not captured as a whole. */
  readonly checksumValid: boolean | null;
  readonly options: Ipv4Option[];
  /** The options as they are, hexadecimal. */
  readonly optionsHex: string;
}

export interface Ipv6Layer extends LayerBase {
  readonly name: 'ipv6';
  readonly source: string;
  readonly destination: string;
  readonly dscp: number;
  readonly ecn: number;
  readonly flowLabel: number;
  readonly payloadLength: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  /** Header and payload, jumbo payloads and offloaded segmentation considered. */
  readonly datagramLength: number;
}

export interface Ipv6ExtensionLayer extends LayerBase {
  readonly name: 'ipv6-extension';
  /** IP protocol number of the extension itself. */
  readonly kind: number;
  readonly title: string;
  readonly nextHeader: number;
  readonly options: Ipv4Option[];
}

export interface Ipv6FragmentLayer extends LayerBase {
  readonly name: 'ipv6-fragment';
  readonly nextHeader: number;
  /** Bytes. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  readonly identification: number;
}

export interface AhLayer extends LayerBase {
  readonly name: 'ah';
  readonly nextHeader: number;
  readonly spi: number;
  readonly sequence: number;
}

export type NetLayer = Ipv4Layer | Ipv6Layer | Ipv6ExtensionLayer | Ipv6FragmentLayer | AhLayer;
