import type { LinkLayer } from './link/layers.ts';
import type { NetLayer } from './net/layers.ts';
import type { TransportLayer } from './transport/layers.ts';

/** One header of a frame; `name` tells which. */
export type Layer = LinkLayer | NetLayer | TransportLayer;

export type LayerName = Layer['name'];

export type LayerOf<Name extends LayerName> = Extract<Layer, { name: Name }>;
