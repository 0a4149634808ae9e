/** Any layer as a title and a list of fields, for the detailed view and for inspectors. */
import type { Describers, Description } from './description.ts';
import type { Layer, LayerName } from './layer.ts';
import { describeLink } from './link/describe.ts';
import { describeNet } from './net/describe.ts';
import { describeTransport } from './transport/describe.ts';

const DESCRIBERS: Describers<LayerName> = { ...describeLink, ...describeNet, ...describeTransport };

export function describeLayer(layer: Layer): Description {
  const describe = DESCRIBERS[layer.name] as (layer: Layer) => Description;
  return describe(layer);
}
