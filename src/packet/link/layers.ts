/** Link-layer headers and what travels directly in them. Every layer has its offset in the frame and its header's length. */

export interface LayerBase {
  readonly offset: number;
  /** Bytes of the header. */
  readonly length: number;
}

export interface EthernetLayer extends LayerBase {
  readonly name: 'ethernet';
  readonly source: string;
  readonly destination: string;
  /** null for IEEE 802.3 frames, whose field is a length. */
  readonly etherType: number | null;
  readonly frameLength: number | null;
}

export interface VlanLayer extends LayerBase {
  readonly name: 'vlan';
  readonly tpid: number;
  readonly id: number;
  readonly priority: number;
  readonly dropEligible: boolean;
  readonly etherType: number;
}

export interface LlcLayer extends LayerBase {
  readonly name: 'llc';
  readonly dsap: number;
  readonly ssap: number;
  readonly control: number;
  /** SNAP only. */
  readonly oui: number | null;
  readonly protocolId: number | null;
  /** What is known to travel in it, by SAP or by SNAP identifier. */
  readonly content: string;
}

export interface CookedLayer extends LayerBase {
  readonly name: 'sll';
  readonly version: 1 | 2;
  readonly packetType: number;
  readonly hardwareType: number;
  readonly address: string;
  readonly protocol: number;
  /** SLL2 only. */
  readonly interfaceIndex: number | null;
}

export interface LoopbackLayer extends LayerBase {
  readonly name: 'null';
  /** Address family in the numbering of the machine that captured. */
  readonly family: number;
}

/** HDLC-like links of routers: Cisco HDLC, frame relay. */
export interface SerialLayer extends LayerBase {
  readonly name: 'serial';
  readonly encapsulation: 'chdlc' | 'frame-relay';
  /** EtherType, or the NLPID of RFC 2427 where it is below 0x100. */
  readonly protocol: number;
  /** Frame relay only. */
  readonly dlci: number | null;
}

export interface WlanLayer extends LayerBase {
  readonly name: 'wlan';
  readonly source: string;
  readonly destination: string;
  /** Subtype and type, the six upper bits of the first byte. */
  readonly frameType: number;
  readonly protected: boolean;
}

/** A tag or shim in front of an EtherType or a whole frame, of which only the name and the way on matter. */
export interface ShimLayer extends LayerBase {
  readonly name: 'shim';
  readonly title: string;
}

export interface MplsLayer extends LayerBase {
  readonly name: 'mpls';
  readonly label: number;
  readonly trafficClass: number;
  readonly bottom: boolean;
  readonly ttl: number;
}

export interface PppoeLayer extends LayerBase {
  readonly name: 'pppoe';
  readonly code: number;
  readonly sessionId: number;
  readonly payloadLength: number;
}

export interface PppLayer extends LayerBase {
  readonly name: 'ppp';
  readonly protocol: number;
}

export interface ArpLayer extends LayerBase {
  readonly name: 'arp';
  readonly operation: number;
  readonly hardwareType: number;
  readonly protocolType: number;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
}

export interface LldpLayer extends LayerBase {
  readonly name: 'lldp';
  /** Texts come from the wire as they are; whoever shows them makes them printable. */
  readonly chassisId: string | null;
  readonly portId: string | null;
  /** Seconds. */
  readonly ttl: number | null;
  readonly portDescription: string | null;
  readonly systemName: string | null;
  readonly systemDescription: string | null;
  readonly capabilities: string[];
  readonly managementAddresses: string[];
}

export type LinkLayer =
  | EthernetLayer
  | VlanLayer
  | LlcLayer
  | CookedLayer
  | LoopbackLayer
  | SerialLayer
  | ShimLayer
  | WlanLayer
  | MplsLayer
  | PppoeLayer
  | PppLayer
  | ArpLayer
  | LldpLayer;
