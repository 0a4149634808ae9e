/** Makes a network and holds it until a signal comes. */
import { Network } from './namespaces.ts';

await Network.create(['held']);
console.log('ready');
setInterval(() => undefined, 1000);
